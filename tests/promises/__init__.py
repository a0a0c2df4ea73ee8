"""
The promises, each with its proof: the real service as a process of its own, against a GitHub that answers as GitHub
does.
"""
