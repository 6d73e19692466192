"""A question, described: the closed world of what can be asked, as frozen types.

``queries`` makes a ``QueryShape`` from text (parse, bind); ``policies`` decides about it; ``engine`` writes SQL from
it. There is no other way to the engine, and no node here can express what the grammar does not allow
(INVARIANT I7). Column names are contract columns, resolved: a ``ColumnRef`` always means exactly one (I8).

Two kinds of expression must never be mixed up: *row expressions* (dimensions, predicates) are evaluated inside the
engine over rows; *output expressions* (arithmetic over aggregates, HAVING, ORDER BY, LIMIT) are evaluated by the
releaser over released numbers only.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from cleanroom.errors import Span
from cleanroom.names import ColumnName, DatasetName


class Grain(StrEnum):
    """Time grains, fine to coarse."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class JoinKind(StrEnum):
    """The only joins there are."""

    INNER = "inner"
    LEFT = "left"


class Fn(StrEnum):
    """The only aggregates there are."""

    COUNT_STAR = "count_star"
    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    SUM = "sum"
    AVG = "avg"


class PerUnitFn(StrEnum):
    """Aggregates inside a per-unit common table expression (approved templates only)."""

    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    SUM = "sum"
    MIN = "min"
    MAX = "max"


class CompareOp(StrEnum):
    """Comparison operators, as SQL spells them."""

    EQ = "="
    NE = "<>"
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class LiteralType(StrEnum):
    """Types a literal can have; there is no cast at run time."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRef:
    """Exactly one column of exactly one source: ``source`` indexes ``QueryShape.sources``.

    ``contributor`` is spelled as an ordinary column name and means the member's name.
    """

    source: int
    column: ColumnName
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A typed constant. ``value`` is None only for NULL results of CASE."""

    type: LiteralType
    value: str | int | Decimal | bool | date | None
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a template, not yet given a value; a plan never contains one."""

    name: str
    type: LiteralType
    span: Span | None = field(default=None, compare=False)


Operand = Literal | Parameter


# --- row expressions: dimensions -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainColumn:
    """The column itself."""

    column: ColumnRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncated:
    """``date_trunc(grain, column)``: a date."""

    grain: Grain
    column: ColumnRef


@dataclass(frozen=True, slots=True, kw_only=True)
class DatePart:
    """``year(d)``, ``quarter(d)``, ``month(d)``: an integer."""

    part: Grain
    column: ColumnRef


@dataclass(frozen=True, slots=True, kw_only=True)
class DateDiff:
    """``date_diff(grain, start, end)``: boundaries of that grain crossed from start to end, an integer."""

    grain: Grain
    start: ColumnRef
    end: ColumnRef


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseBranch:
    """``WHEN when THEN then``."""

    when: "Predicate"
    then: Operand


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``CASE WHEN predicate THEN literal ... [ELSE literal] END``; all results have one type."""

    branches: tuple[CaseBranch, ...]
    otherwise: Operand | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coalesced:
    """``coalesce(dimension, literal)``."""

    dimension: "Dimension"
    default: Operand


Dimension = PlainColumn | Truncated | DatePart | DateDiff | Case | Coalesced


# --- row expressions: predicates -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """All of ``terms`` (two or more)."""

    terms: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    """Any of ``terms`` (two or more)."""

    terms: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """SQL negation: unknown stays unknown."""

    term: "Predicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """``dimension op operand``; BETWEEN arrives as two of these under ``And``."""

    op: CompareOp
    left: Dimension
    right: Operand
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class In:
    """``dimension IN (operands)``; NOT IN arrives under ``Not``."""

    left: Dimension
    options: tuple[Operand, ...]
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IsNull:
    """``dimension IS NULL``; IS NOT NULL arrives under ``Not``."""

    left: Dimension
    span: Span | None = field(default=None, compare=False)


Predicate = And | Or | Not | Compare | In | IsNull


# --- sources -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinPair:
    """``left = right`` where ``left`` belongs to an earlier source and ``right`` to the source being joined."""

    left: ColumnRef
    right: ColumnRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """How a source is tied to the earlier ones; at least one pair."""

    kind: JoinKind
    pairs: tuple[JoinPair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PerUnitOutput:
    """One column of a per-unit table; ``column`` is None for COUNT(*). References inside use ``source=0``."""

    name: ColumnName
    fn: PerUnitFn
    column: ColumnRef | None
    filter: Predicate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PerUnit:
    """``WITH name AS (SELECT key, outputs FROM dataset [WHERE where] GROUP BY key)``: one row per join token."""

    key: ColumnName
    outputs: tuple[PerUnitOutput, ...]
    where: Predicate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One dataset in FROM. The first has no join; every other has one. ``per_unit`` folds it to one row per token.

    ``alias`` is how the text calls it, for messages and rewrites only; two spellings of a question are one question.
    """

    alias: str = field(compare=False)
    dataset: DatasetName
    join: Join | None = None
    per_unit: PerUnit | None = None
    span: Span | None = field(default=None, compare=False)


# --- aggregates and outputs ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """One number per cell as the engine computes it; ``column`` is None exactly for COUNT(*)."""

    fn: Fn
    column: ColumnRef | None
    filter: Predicate | None = None
    span: Span | None = field(default=None, compare=False)


class ArithmeticOp(StrEnum):
    """Arithmetic over released numbers; division by zero yields NULL."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateValue:
    """The released number of ``QueryShape.aggregates[index]``."""

    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionValue:
    """The cell's value of ``QueryShape.dimensions[index]`` (in HAVING and outputs)."""

    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberValue:
    """A numeric constant, exact."""

    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """``left op right``."""

    op: ArithmeticOp
    left: "Value"
    right: "Value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounded:
    """``round(value, digits)``, half away from zero; -9 <= digits <= 9."""

    value: "Value"
    digits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NullIf:
    """``nullif(value, other)``."""

    value: "Value"
    other: "Value"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoalesceValue:
    """``coalesce(value, other)``; never turns a withheld number into a released one."""

    value: "Value"
    other: "Value"


Value = AggregateValue | DimensionValue | NumberValue | Arithmetic | Rounded | NullIf | CoalesceValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One column of the answer."""

    name: str
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class HavingCompare:
    """``value op operand`` over released outputs; a withheld value makes it unknown, so the row is left out."""

    op: CompareOp
    left: Value
    right: Value | Operand


@dataclass(frozen=True, slots=True, kw_only=True)
class HavingIsNull:
    """``value IS NULL`` over released outputs; a withheld number counts as unknown, never as NULL."""

    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class HavingLogic:
    """AND / OR over terms."""

    op: str  # "and" | "or"
    terms: tuple["Having", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HavingNot:
    """SQL negation."""

    term: "Having"


Having = HavingCompare | HavingIsNull | HavingLogic | HavingNot


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderItem:
    """Sort by ``value``; withheld numbers sort last whatever the direction."""

    value: Value
    descending: bool = False
    nulls_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryShape:
    """A bound question. ``dimensions`` are what cells are grouped by (none: one total cell).

    Invariants: ``sources`` is not empty and only the first lacks a join; ``aggregates`` is not empty; every index in
    ``outputs``, ``having`` and ``order_by`` is in range; equal questions in different spellings are equal values
    (spans do not compare).
    """

    sources: tuple[Source, ...]
    where: Predicate | None
    dimensions: tuple[Dimension, ...]
    aggregates: tuple[Aggregate, ...]
    outputs: tuple[Output, ...]
    having: Having | None = None
    order_by: tuple[OrderItem, ...] = ()
    limit: int | None = None
