"""
What each operation of the REST interface does, by its id in GitHub's description.
"""

from __future__ import annotations

from tests.doubles.rest import apps, checks, issues, pulls, reactions, repos, reviews
from tests.doubles.rest.call import Handler

HANDLERS: dict[str, Handler] = {
    **apps.HANDLERS,
    **checks.HANDLERS,
    **issues.HANDLERS,
    **pulls.HANDLERS,
    **reactions.HANDLERS,
    **repos.HANDLERS,
    **reviews.HANDLERS,
}
