"""The pages: server-rendered HTML over the same use cases as ``/v1``; nothing is decided here.

``chrome`` puts a page together and states its content policy · ``route`` turns every failure into a page · ``words``
says states, reasons and numbers for reading · ``forms`` reads what a browser sent · ``charts`` draws on the server ·
``static`` hands out our own style, scripts and pictures. Every other module is one area of the navigation: its routes,
and its templates of the same name. INVARIANT I17 holds because every page asks a use case as the person who is signed
in. No address holds a parameter's value or a query's text.
"""

from fastapi import FastAPI

from api.pages import (
    chart_view,
    data,
    help_pages,
    home,
    insights,
    log,
    privacy,
    quality,
    queries,
    questions,
    reports,
    route,
    runs,
    schedules,
    sign_in,
    static,
    upload,
)

PAGES = (
    home.router,
    sign_in.router,
    insights.router,
    schedules.router,  # before reports, whose addresses begin alike
    reports.router,
    upload.router,
    data.router,
    quality.router,
    queries.router,
    questions.router,
    runs.router,
    privacy.router,
    log.router,
    help_pages.router,
    chart_view.router,
    static.router,
)


def install(app: FastAPI) -> None:
    """Add the pages to ``app``; they are no part of its published interface."""
    for router in PAGES:
        app.include_router(router, include_in_schema=False)
    route.answer_browsers(app)
