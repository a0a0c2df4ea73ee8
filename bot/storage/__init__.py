"""
What the service remembers, in one SQL database: SQLite for one host, PostgreSQL for several.

`store.Store` is the door. Each of its rooms (`store.drafts`, `store.reviews`, …) keeps the tables of one thing; each
method is one transaction and takes and returns the frozen values of `bot.review`. A transaction that the database asks
to try again is tried again; what changes a pull request's drafts holds the row of that pull request, so that no number
is given twice and no decision is lost, however many processes write.
"""
