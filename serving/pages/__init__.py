"""The website: pages for people, made from the same snapshots and the same lists as the JSON API.

Every page works without JavaScript; htmx and one small script only make it smoother.
"""

from __future__ import annotations

from fastapi import FastAPI

from serving.pages import (
    about,
    assets,
    compare,
    discovery,
    groups,
    home,
    item,
    models,
    orders,
    person,
    rows,
    search,
    surprise,
    taste,
    thumbs,
    vote,
    why,
)
from serving.pages.faults import add_fault_pages
from serving.pages.website import Website

__all__ = ["add_website"]


def add_website(app: FastAPI, website: Website) -> None:
    """Add every page, after the routes of the API: a site's name is the first part of a path."""
    app.include_router(assets.build_router(website.assets))
    for module in (
        thumbs,
        item,
        rows,
        why,
        compare,
        vote,
        discovery,
        about,
        search,
        orders,
        surprise,
        models,
        groups,
        taste,
        person,
        home,
    ):
        app.include_router(module.build_router(website))
    add_fault_pages(app, website)
