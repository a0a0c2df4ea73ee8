"""
GitHub: what it tells us, and what we ask of it and tell it.

What comes in is read without I/O (`signature`, `events`). What goes out goes through `client`, which knows credentials,
pace and errors; the modules beside it (`reviews`, `comments`, `checks`, `threads`, `repository`, `installations`) are
the few calls that we make. `checkout` gets the commits of a pull request with git.
"""
