"""/v1/insights: what the library can say from what one's member holds, as JSON or as a document; and asking for it."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field

from api.auth import InRoom, Who
from api.insights.documents import FORMATS, render
from api.usecases import insights as story
from api.usecases.runs import RunView
from cleanroom.errors import NotFound
from cleanroom.released import ShownValue, Withheld
from queries.insights.model import InsightResult, ShownTable

router = APIRouter(tags=["insights"])

_MAX_RELEASES = 16

ShownCell = ShownValue | dict[str, str]


class AskedInsight(BaseModel):
    """Values of the parameters that the insight's templates declare."""

    model_config = ConfigDict(extra="forbid")
    parameters: dict[str, Annotated[str, Field(max_length=2_000)]] = Field(default_factory=dict, max_length=100)


class InsightItem(BaseModel):
    """One insight; ``headline`` is None until it was asked. ``is_ready``: every template it reads can be run."""

    name: str
    title: str
    question: str
    needs: list[str]
    templates: list[str]
    is_ready: bool
    headline: str | None
    releases: list[str]
    rests_on_older_data: bool


class TableJson(BaseModel):
    """A shown table: names for programs, ``columns`` for people; a withheld number is ``{"withheld": reason}``."""

    name: str
    title: str
    names: list[str]
    columns: list[str]
    units: list[str]
    rows: list[list[ShownCell]]


class InsightJson(InsightItem):
    """An insight with its newest answer."""

    tables: list[TableJson]
    notes: list[str]
    withheld: int
    facts: dict[str, str]


@router.get("/insights")
def list_insights(room: InRoom, who: Who) -> list[InsightItem]:
    """All insights, each with the headline of its newest answer."""
    return [_item(view) for view in story.list_insights(room, who)]


@router.get("/insights/{name}", response_model=InsightJson)
def get_insight(
    room: InRoom,
    who: Who,
    name: str,
    format: Annotated[str | None, Query(max_length=8)] = None,  # noqa: A002 - the published name
    releases: Annotated[str | None, Query(max_length=800)] = None,
) -> InsightJson | Response:
    """The newest answer, or over exactly ``releases`` (ids with dots between, in the order of its templates).

    JSON, or by ``?format=`` html, pdf, xlsx, csv, svg, png or vl.json (the specification of its first chart).
    """
    view = story.get_insight(room, who, name)
    if releases is not None:
        exactly = story.answer_of(room, who, name, tuple(releases.split(".")[:_MAX_RELEASES]))
        view = replace(view, answer=exactly)
    result, facts = _answered(view)
    if format is not None and format != "json":
        content = render(format, view.insight, result, facts)
        headers = {"Content-Disposition": f'attachment; filename="{view.insight.name}.{format}"'}
        return Response(content, media_type=FORMATS[format], headers={**headers, "Cache-Control": "no-store"})
    return InsightJson(
        **_item(view).model_dump(),
        tables=[_table(table) for table in result.tables],
        notes=list(result.notes),
        withheld=result.withheld,
        facts=dict(facts),
    )


@router.post("/insights/{name}/runs", status_code=status.HTTP_202_ACCEPTED)
def ask_insight(room: InRoom, who: Who, name: str, asked: AskedInsight) -> list[RunView]:
    """Queue every template it reads; a plan that ran before is replayed."""
    return list(story.ask_insight(room, who, name, asked.parameters))


def _item(view: story.InsightView) -> InsightItem:
    insight, answer = view.insight, view.answer
    return InsightItem(
        name=insight.name,
        title=insight.title,
        question=insight.question,
        needs=[str(dataset) for dataset in insight.needs],
        templates=list(insight.templates),
        is_ready=view.is_ready,
        headline=answer.result.headline if answer and answer.result else None,
        releases=[str(release.release_id) for release in answer.releases] if answer else [],
        rests_on_older_data=answer is not None and answer.rests_on_older_data,
    )


def _answered(view: story.InsightView) -> tuple[InsightResult, dict[str, str]]:
    if view.answer is None or view.answer.result is None:
        raise NotFound("CR-B011", "nothing your member holds answers this", help="ask it: POST to its runs")
    return view.answer.result, dict(view.answer.facts)


def _table(table: ShownTable) -> TableJson:
    return TableJson(
        name=table.name,
        title=table.title,
        names=[column.name for column in table.columns],
        columns=[column.title for column in table.columns],
        units=[column.unit for column in table.columns],
        rows=[[{"withheld": str(c.reason)} if isinstance(c, Withheld) else c for c in row] for row in table.rows],
    )
