"""What an insight is: approved-query templates, and a pure function from released tables to shown tables and charts.

It never sees a row of anybody's data: its inputs are tables that already left the room, withheld numbers marked. The
same function takes a plain CSV, so that anyone can hold it against a published example.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from cleanroom.names import DatasetName
from cleanroom.privacy.renewed import of_one_date
from cleanroom.released import Reason, ReleasedTable, ShownValue, Withheld

Cell = ShownValue | Withheld

SMALL = frozenset({Reason.UNITS, Reason.ZERO})
"""Reasons that say a number is small. The others (members, ledger, derived) say nothing about its size."""

UNKNOWN_HIGH = 10**12
"""Upper bound of a count of which nothing is known; what is computed with it is shown as unbounded, or capped by wholes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A released table, or a plain file: column names and rows of shown values and withheld marks.

    ``dropped`` counts rows that are not listed, by reason, as far as that may be told; of a release (``is_release``)
    rows of too few units may be missing without being counted, of a plain file none are.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    dropped: Mapping[Reason, int] = field(default_factory=dict)
    is_release: bool = False

    @classmethod
    def of(cls, released: ReleasedTable) -> "Table":
        """The released table's rows under its column names."""
        # Rows of another date are no part of a sum: their numbers count as withheld here.
        released = of_one_date(released)
        names = tuple(column.name for column in released.columns)
        # An older release says how many rows are not listed and not why: take it that they may be of any size.
        dropped = released.dropped or ({Reason.DERIVED: released.rows_dropped} if released.rows_dropped else {})
        return cls(columns=names, rows=released.rows, dropped=dropped, is_release=True)

    def has(self, *names: str) -> bool:
        """Whether all of ``names`` are columns."""
        return set(names) <= set(self.columns)

    def records(self) -> tuple[Mapping[str, Cell], ...]:
        """Rows as mappings from column name to cell."""
        return tuple(dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def unlisted_high(self, settings: "Settings") -> int:
        """The largest count a row that is not listed can have: small where only too few units keep rows back."""
        return settings.withheld_high if set(self.dropped) <= SMALL else UNKNOWN_HIGH

    def withheld(self) -> int:
        """How many numbers are withheld."""
        return sum(isinstance(cell, Withheld) for row in self.rows for cell in row)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownColumn:
    """A column of a shown table; ``unit`` goes on axes and headers, empty for names and dates."""

    name: str
    title: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTable:
    """A table for reading. None is shown as empty, ``Withheld`` as a mark with its reason."""

    name: str
    title: str
    columns: tuple[ShownColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """One axis or colour: a column of the chart's table, and whether it is a quantity, a date, ordered or a name."""

    column: str
    kind: str  # "quantitative" | "temporal" | "ordinal" | "nominal"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSpec:
    """What to draw, before any drawing library: made into Vega-Lite by ``charts``.

    ``table`` names a shown table. ``low`` and ``high`` are columns of an interval drawn behind the mark.
    ``description`` is the text alternative, a sentence with the finding in it.
    """

    title: str
    table: str
    mark: str  # "line" | "bar" | "heat" | "point"
    x: Encoding
    y: Encoding
    colour: Encoding | None = None
    low: str | None = None
    high: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightResult:
    """What an insight shows. ``headline`` is one sentence with the main number and its unit."""

    headline: str
    tables: tuple[ShownTable, ...]
    charts: tuple[ChartSpec, ...] = ()
    notes: tuple[str, ...] = ()
    withheld: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a reader may turn: confidence, warranty and horizon in months, the false-alarm rate, the withheld bound.

    ``withheld_high`` is the largest value of a count withheld for too few units: one below the policy's minimum.
    ``treatment`` is ``end``, ``interval`` or ``auto`` (a Nevada chart: end; intervals in a plain file: interval).
    ``limits`` names how limits are made where there is a choice; empty takes each insight's own.
    """

    confidence: float = 0.95
    warranty_months: int = 24
    horizon: int = 3
    alpha: float = 0.01
    withheld_high: int = 24
    treatment: str = "auto"
    limits: str = ""
    as_of: date | None = None


Inputs = Mapping[str, Table]
"""Template name -> its released table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How to read an insight: the words its page shows and its tests hold."""

    formula: str
    unit: str
    denominator: str
    exposure: str
    censoring: str
    suppression: str
    sources: tuple[str, ...] = field(default=())

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """What is said of it, by name, in the order it is read in; without sources where it has none."""
        said = (
            ("Formula", self.formula),
            ("Unit", self.unit),
            ("Denominator", self.denominator),
            ("Exposure", self.exposure),
            ("Censoring", self.censoring),
            ("Suppression", self.suppression),
            ("Sources", "; ".join(self.sources)),
        )
        return tuple((name, text) for name, text in said if text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """One insight. ``templates`` are names in ``queries/library``; ``needs`` the datasets they read.

    ``takes_one_file`` says that a single plain file may stand for all its tables.
    ``compute`` raises ``cannot.InsightRefused`` (CR-B) when an input lacks a column or has too little in it.
    """

    name: str
    title: str
    question: str
    needs: tuple[DatasetName, ...]
    templates: tuple[str, ...]
    explanation: Explanation
    compute: Callable[[Inputs, Settings], InsightResult]
    takes_one_file: bool = False


def number(cell: Cell) -> float | None:
    """A shown number as a float; None for NULL and for withheld."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
        return None
    return float(cell)
