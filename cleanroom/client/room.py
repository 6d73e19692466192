"""A room in a notebook: ask a question or an insight, get what left the room as a frame, a table, a chart.

::

    from cleanroom.client.room import Room

    room = Room.connect()                      # the profile that `cleanroom login` stored
    answer = room.ask("claims-by-model", from_="2024-07-01", to="2026-06-30")
    answer.frame()                             # polars, exact; a withheld number is null
    answer.withheld                            # where and why

Only released answers come in, over the same ``/v1`` as everything else. A refusal is an exception that says which rule
of whose policy refused, and what would be allowed.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

import httpx2
import polars as pl
import pyarrow as pa

from cleanroom.client.asking import follow
from cleanroom.client.display import table_html, table_text, violation_lines, withheld_lines
from cleanroom.client.profile import default_profile, load_profile
from cleanroom.client.remote import Json, RoomClient
from cleanroom.delivery import About
from cleanroom.delivery.arrow_table import to_arrow
from cleanroom.delivery.json_document import parse_json
from cleanroom.errors import PolicyRefused, UsageProblem
from cleanroom.released import Reason, ReleasedTable, ShownValue, Withheld

VEGA_LITE = "application/vnd.vegalite.v6+json"
Parameter = str | int | float | bool | date


class QuestionRefused(PolicyRefused):
    """A refusal whose text names every violation: code, rule, owner, help and rewrite."""

    def __str__(self) -> str:
        return "\n".join(line for violation in self.violations for line in violation_lines(violation))

    def __repr__(self) -> str:
        return f"QuestionRefused:\n{self}"

    def _render_traceback_(self) -> list[str]:
        """What IPython prints instead of a stack of our own frames."""
        return ["the question was refused", *str(self).splitlines()]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldCell:
    """A number that did not leave: its column, its row (from 0), and why."""

    column: str
    row: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """How an answer is drawn: a Vega-Lite specification, and the server's own picture of it."""

    specification: Mapping[str, Any] = field(repr=False)
    svg: str = field(repr=False)

    def _repr_mimebundle_(self, **_wanted: object) -> dict[str, object]:
        """The specification for front ends that draw, the picture for those that do not, a sentence for the rest."""
        described = str(self.specification.get("description") or "a chart")
        return {VEGA_LITE: dict(self.specification), "image/svg+xml": self.svg, "text/plain": described}


class Answer:
    """A released answer. ``run_id`` and ``release_id`` name it in the room; ``data_date`` is the newest day in it."""

    def __init__(self, *, about: Mapping[str, str], table: ReleasedTable, chart: Callable[[], Chart]) -> None:
        until = about.get("data up to")
        self.title, self.run_id, self.release_id = about["query"], about["run"], about["release"]
        self.data_date = None if until is None else date.fromisoformat(until)
        self.about = about
        self.table = table
        self._draw = chart

    def arrow(self) -> pa.Table:
        """Exact types: int64, decimal(38, 12), bool, date32, text; NULL where withheld, the reasons in the metadata."""
        return to_arrow(self.table, About(facts=self.about))

    def frame(self) -> pl.DataFrame:
        """The rows as a polars frame of the same types; a withheld number is null, ``withheld`` says where and why."""
        return _frame(self.arrow())

    @property
    def withheld(self) -> tuple[WithheldCell, ...]:
        """Every number that did not leave."""
        return tuple(
            WithheldCell(column=column.name, row=at, reason=cell.reason.value)
            for at, row in enumerate(self.table.rows)
            for column, cell in zip(self.table.columns, row, strict=True)
            if isinstance(cell, Withheld)
        )

    @property
    def dropped(self) -> Mapping[str, int]:
        """Rows that are not listed at all, by reason."""
        return {reason.value: count for reason, count in self.table.dropped.items()}

    @cached_property
    def chart(self) -> Chart:
        """How the room draws it. UsageProblem CR-B012 where there is nothing to draw."""
        return self._draw()

    def __repr__(self) -> str:
        return table_text(self.title, *self._shown())

    def _repr_html_(self) -> str:
        return table_html(self.title, *self._shown())

    def _repr_mimebundle_(self, **_wanted: object) -> dict[str, object]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}

    def _shown(self) -> tuple[list[str], tuple[tuple[ShownValue | Withheld, ...], ...], list[str]]:
        heads = [f"{c.name} ({c.unit})" if c.unit else c.name for c in self.table.columns]
        lines = withheld_lines(self.table.withheld, self.table.dropped)
        until = f", data up to {self.data_date}" if self.data_date else ""
        return heads, self.table.rows, [*lines, f"release {self.release_id}{until}"]


class Insight:
    """An insight over exactly the releases it asked for. ``headline`` is its sentence, ``tables`` the names of its tables."""

    def __init__(self, *, found: Json, chart: Callable[[], Chart]) -> None:
        self.name, self.title, self.headline = str(found["name"]), str(found["title"]), str(found["headline"])
        self.notes = tuple(map(str, found["notes"]))
        self.withheld = int(found["withheld"])
        self.facts: Mapping[str, str] = dict(found["facts"])
        self.releases = tuple(map(str, found["releases"]))
        until = self.facts.get("data up to")
        self.data_date = date.fromisoformat(until) if until else None
        self._tables = {str(table["name"]): table for table in found["tables"]}
        self._draw = chart

    @property
    def tables(self) -> tuple[str, ...]:
        """Names for ``frame``."""
        return tuple(self._tables)

    def frame(self, table: str | None = None) -> pl.DataFrame:
        """One of its tables, the first unless named; a withheld number is null. UsageProblem CR-A116 for an unknown name."""
        found = self._named(table)
        rows = _cells(found)
        columns = {
            name: pl.Series(name, [None if isinstance(row[at], Withheld) else row[at] for row in rows], strict=False)
            for at, name in enumerate(found["names"])
        }
        return pl.DataFrame(columns)

    @cached_property
    def chart(self) -> Chart:
        """Its first chart. UsageProblem CR-B012 where it has none."""
        return self._draw()

    def _named(self, table: str | None) -> Json:
        name = next(iter(self._tables)) if table is None else table
        if name not in self._tables:
            raise UsageProblem("CR-A116", "the insight has no such table", help="one of " + ", ".join(self._tables))
        return dict(self._tables[name])

    def __repr__(self) -> str:
        return table_text(f"{self.title}: {self.headline}", *self._shown())

    def _repr_html_(self) -> str:
        return table_html(f"{self.title}: {self.headline}", *self._shown())

    def _repr_mimebundle_(self, **_wanted: object) -> dict[str, object]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}

    def _shown(self) -> tuple[list[str], list[tuple[ShownValue | Withheld, ...]], list[str]]:
        first = self._named(None)
        heads = [f"{t} ({u})" if u else str(t) for t, u in zip(first["columns"], first["units"], strict=True)]
        return heads, _cells(first), list(self.notes)


class Room:
    """A signed-in connection for notebooks and scripts; use it as a context manager or call ``close``."""

    def __init__(self, client: RoomClient) -> None:
        self._client = client

    @classmethod
    def connect(
        cls,
        profile: str | Path | None = None,
        *,
        url: str | None = None,
        api_key: str | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> Self:
        """A room by the profile that ``cleanroom login`` stored, or by ``url`` and ``api_key``.

        Raises:
            NotFound: CR-K001 there is no stored profile. UsageProblem: CR-A117 a key without an address.
        """
        if api_key is None:
            stored = load_profile(default_profile() if profile is None else Path(profile))
            url, api_key = url or stored.url, stored.api_key
        if url is None:
            raise UsageProblem("CR-A117", "an API key needs the address of its room", help="give url too")
        return cls(RoomClient(url, api_key, transport=transport))

    def ask(self, name: str, /, **values: Parameter) -> Answer:
        """Run an approved query by name (or ``name@version``) and wait for its answer.

        Args:
            name: of the template.
            values: of its parameters; a name that Python keeps for itself takes a ``_`` at its end (``from_``).

        Raises:
            QuestionRefused: the grammar or a policy refuses. NotFound, UsageProblem, DataRefused, Unavailable.
        """
        return self._answered({"template": name, "parameters": _texts(values)})

    def sql(self, text: str, /, *, purpose: str | None = None, **values: Parameter) -> Answer:
        """Run an ad hoc question; arguments and errors as ``ask``."""
        question: Json = {"sql": text, "parameters": _texts(values)}
        return self._answered(question | ({"purpose": purpose} if purpose else {}))

    def insight(self, name: str, /, **values: Parameter) -> Insight:
        """Run every query an insight reads and compute it; arguments and errors as ``ask``."""
        try:
            runs = self._client.post(f"/insights/{name}/runs", {"parameters": _texts(values)})["items"]
            ended = [follow(self._client, run) for run in runs]
        except PolicyRefused as refused:
            _refuse(refused)
        exactly = ".".join(str(run["release_id"]) for run in ended)
        found = self._client.get(f"/insights/{name}", releases=exactly)
        return Insight(found=found, chart=lambda: self._chart(f"/insights/{name}", releases=exactly))

    def release(self, release_id: str, /) -> Answer:
        """A release one's member holds, by its id."""
        return self._opened(release_id)

    def queries(self) -> pl.DataFrame:
        """The query templates one's member sees."""
        return _listed(self._client.every("/queries"), ("name", "version", "title", "purpose", "waiting_for"))

    def insights(self) -> pl.DataFrame:
        """The insight library, with the newest headlines."""
        return _listed(self._client.every("/insights"), ("name", "title", "question", "is_ready", "headline"))

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answered(self, question: Json) -> Answer:
        try:
            run = follow(self._client, self._client.post("/runs", question))
        except PolicyRefused as refused:
            _refuse(refused)
        return self._opened(str(run["release_id"]))

    def _opened(self, release_id: str) -> Answer:
        place = f"/releases/{release_id}"
        content = self._client.bytes_of(place, format="json")
        about = {str(name): str(text) for name, text in json.loads(content)["about"].items()}
        return Answer(about=about, table=parse_json(content), chart=lambda: self._chart(place))

    def _chart(self, place: str, **query: str) -> Chart:
        described = self._client.get(place, format="vl.json", **query)
        return Chart(specification=described, svg=self._client.bytes_of(place, format="svg", **query).decode())


def _refuse(refused: PolicyRefused) -> NoReturn:
    raise QuestionRefused(refused.violations) from None


def _texts(values: Mapping[str, Parameter]) -> dict[str, str]:
    return {
        name.removesuffix("_"): str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
    }


def _frame(table: pa.Table) -> pl.DataFrame:
    found = pl.from_arrow(table)
    if not isinstance(found, pl.DataFrame):
        raise TypeError("a table makes a frame")
    return found


def _cells(table: Json) -> list[tuple[ShownValue | Withheld, ...]]:
    return [
        tuple(Withheld(Reason(cell["withheld"])) if isinstance(cell, dict) else cell for cell in row)
        for row in table["rows"]
    ]


def _listed(items: list[Json], names: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame({name: [item.get(name) for item in items] for name in names}, strict=False)
