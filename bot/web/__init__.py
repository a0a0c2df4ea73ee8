"""
The signing desk: pages on which a person reads what was found, and decides.

The pages are made on the server and can be read without JavaScript; decisions are plain forms. What the desk shows, and
where its decisions go, is handed to it (`desk.Desk`, `access.Access`): it knows no database, no GitHub and no git.

`application.create` is the door. `static/htmx.min.js` is htmx 2.0.11 as it is published (0BSD); what lies beside it is
ours.
"""
