"""
Stand-ins for the outside world that are held to the outside world's own descriptions.

`github.GitHub` is the server, `scenario` makes repositories and pull requests in it. What it answers from is cut out of
GitHub's publications by `trim_descriptions`: an operation is added by its name there, and by a handler in `rest`.
"""
