"""
The durable steps of a review, in order; here the rooms below are joined.

    service.py      what the steps work with: the store, GitHub, the cache of clones, the engine
    delivering.py   a webhook becomes work
    reviewing.py    a head becomes drafts
    publishing.py   what a person signed becomes comments; threads follow their findings
    showing.py      the summary comment and the check run say how things stand
    fetching.py     which files of a clone are fetched
    explaining.py   a model puts findings into words
    commanding.py   what people say in comments becomes decisions
    slacking.py     Slack is told how reviews stand, and what is pressed there becomes decisions
    sweeping.py     what was missed is found
    engine.py       the engine, in a process of its own
    durable.py      the workflows: the order of the steps, their retries, their queues

A step is run at least once: it may be cut off at any point and run again. So whatever writes looks first whether it was
written. No step waits for a person.
"""
