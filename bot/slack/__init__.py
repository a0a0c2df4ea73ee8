"""
Slack, where a team hears what waits for a signature and may sign it.

    blocks.py        Block Kit within Slack's limits, and text that can't be taken for markup
    messages.py      what is said: the digest, the message of a review, the form that asks for a reason
    buttons.py       what is pressed, as typed acts
    signature.py     whether Slack sent it
    linking.py       the signed link by which a person tells which GitHub account is theirs
    endpoint.py      where Slack sends what is pressed
    client.py        Slack's methods, and incoming webhooks
    errors.py        what can go wrong, told apart

Slack is the team's own place: files and messages of drafts are told there, before they are public on GitHub.
"""
