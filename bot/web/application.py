"""
The desk's door: all of its pages.
"""

from __future__ import annotations

from fastapi import FastAPI

from bot.web import insights, reviews, rules, site, suppressions
from bot.web.site import Site


def create(of: Site) -> FastAPI:
    """The desk; how a person signs in is added to it (`local.sign_in`)."""
    app = site.create(of)
    for pages in (insights, reviews, rules, suppressions):
        app.include_router(pages.router)
    return app
