"""
All of one tree: names, classes, ORM models, callers and entry points, resolved on demand.

Nothing here reads a whole repository. A module's outline is decoded when a name leads to it, a function's body when the
function is interpreted, and who calls a name is asked of the index of words.
"""
