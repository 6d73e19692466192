"""Help: the words, the rules, the error codes; rendered from the same texts as the documentation."""

from fastapi import APIRouter, Request, Response

from api.auth import Who
from api.pages import articles
from api.pages.chrome import HEADERS, page
from api.pages.glossary import GLOSSARY
from api.pages.route import PageRoute

router = APIRouter(route_class=PageRoute)


@router.get("/help")
def show_all(request: Request, who: Who) -> Response:
    """The glossary, and where the rest is."""
    return page(
        request, "help.html", who=who, glossary=GLOSSARY, rules=articles.titles("rules"), guides=articles.titles("")
    )


@router.get("/help/errors")
def show_errors(request: Request, who: Who) -> Response:
    """Every error code: what it means, how to fix it."""
    return page(request, "help_errors.html", who=who, groups=articles.error_tables())


@router.get("/help/figures/{name}.svg")
def get_figure(who: Who, name: str) -> Response:  # noqa: ARG001 - signed-in people only
    """A picture of the documentation."""
    return Response(articles.figure(name), media_type="image/svg+xml", headers=HEADERS)


@router.get("/help/{kind}/{name}")
def show(request: Request, who: Who, kind: str, name: str) -> Response:
    """One page of the documentation."""
    return page(request, "article.html", who=who, article=articles.article(kind, name))
