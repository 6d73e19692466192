"""A small room for policy tests: two retailers, a maker, and short spellings for hand-made shapes."""

from collections.abc import Sequence
from datetime import date

from cleanroom.contracts import shipped_contracts
from cleanroom.errors import Span
from cleanroom.names import ColumnName, DatasetName, MemberName
from cleanroom.shape import (
    Aggregate,
    AggregateValue,
    ColumnRef,
    Compare,
    CompareOp,
    Dimension,
    Fn,
    In,
    IsNull,
    Join,
    JoinKind,
    JoinPair,
    Literal,
    LiteralType,
    Output,
    PerUnit,
    PlainColumn,
    Predicate,
    QueryShape,
    Source,
)
from policies.decide import decide
from policies.decision import Allowed, Decision, Question, Refused
from policies.load import load_policy
from policies.model import DataPolicy, Mode

TODAY = date(2026, 11, 21)

SALES = """
apiVersion: cleanroom/v1
kind: DataPolicy
member: harbor
dataset: sales
version: 1
privacy_unit: buyer_token
minimum_units: 25
queriers: [solstice]
receivers: [solstice, harbor]
purposes: [warranty, service]
mode: ad_hoc
joins:
  required: true
  columns: [unit_token, buyer_token]
  with: [claims, registrations, service_tickets]
columns:
  sku:         {allow: [dimension, filter]}
  model:       {allow: [dimension, filter]}
  region:      {allow: [dimension, filter]}
  sale_date:   {allow: [dimension, filter], grain: month}
  sale_id:     {allow: [count, count_distinct]}
  unit_token:  {allow: [count_distinct]}
  buyer_token: {allow: [count_distinct]}
  quantity:    {allow: [sum, avg], between: [0, 100]}
  net_amount:  {allow: [avg], between: [0, 10000]}
contributors: {minimum: 3, largest_share: 0.7}
release: {mechanism: suppress}
zeros: release
expires: 2027-12-31
"""

CLAIMS = """
apiVersion: cleanroom/v1
kind: DataPolicy
member: solstice
dataset: claims
version: 1
privacy_unit: owner_token
minimum_units: 10
queriers: [solstice, harbor]
receivers: [solstice, harbor]
purposes: [warranty]
mode: ad_hoc
joins: {required: true, columns: [unit_token, owner_token], with: [sales]}
columns:
  claim_id:    {allow: [count], between: [0, 20]}
  claim_date:  {allow: [dimension, filter], grain: quarter}
  closed_date: {allow: [dimension, filter]}
  model:       {allow: [dimension, filter]}
  outcome:     {allow: [dimension, filter]}
  total_cost:  {allow: [sum, avg], between: [0, 5000]}
  unit_token:  {allow: [count_distinct]}
  owner_token: {allow: [count_distinct]}
zeros: release
"""


def policy(text: str = SALES, /, **changes: str) -> DataPolicy:
    """The policy of ``text`` with whole lines replaced (``mode="templates"``); an empty text removes the line."""
    lines = []
    for line in text.strip().splitlines():
        key = line.strip().split(":")[0]
        changed = changes.get(key)
        if changed is None:
            lines.append(line)
        elif changed:
            lines.append(f"{line[: len(line) - len(line.lstrip())]}{key}: {changed}")
    return load_policy("\n".join(lines).encode(), place="test")


def ref(source: int, column: str, at: int = 0) -> ColumnRef:
    """A reference, standing ``at`` characters into the text."""
    return ColumnRef(source=source, column=ColumnName(column), span=span(at))


def span(at: int) -> Span:
    """A place of one line."""
    return Span(start=at, end=at + 1, line=1, column=at + 1)


def plain(source: int, column: str) -> PlainColumn:
    """A bare column as dimension."""
    return PlainColumn(column=ref(source, column))


def day(text: str) -> Literal:
    """A date literal."""
    return Literal(type=LiteralType.DATE, value=date.fromisoformat(text), span=span(9))


def text_of(value: str) -> Literal:
    """A text literal."""
    return Literal(type=LiteralType.TEXT, value=value)


def compare(left: Dimension, op: str, right: Literal, at: int = 0) -> Compare:
    """``left op right``."""
    return Compare(op=CompareOp(op), left=left, right=right, span=span(at))


def one_of(left: Dimension, *options: Literal) -> In:
    """``left IN (options)``."""
    return In(left=left, options=options, span=span(0))


def is_null(left: Dimension) -> IsNull:
    """``left IS NULL``."""
    return IsNull(left=left, span=span(0))


def measure(fn: Fn, source: int = 0, column: str | None = None, where: Predicate | None = None) -> Aggregate:
    """One aggregate."""
    return Aggregate(fn=fn, column=ref(source, column) if column else None, filter=where, span=span(0))


def joined(dataset: str, *pairs: tuple[str, str], left: int = 0, index: int = 1) -> Source:
    """``LEFT JOIN dataset ON ...``; pairs are (column of the earlier source, column of this one)."""
    return Source(
        alias=dataset[0],
        dataset=DatasetName(dataset),
        join=Join(
            kind=JoinKind.LEFT,
            pairs=tuple(JoinPair(left=ref(left, one), right=ref(index, other)) for one, other in pairs),
        ),
        span=span(50),
    )


FROM_SALES = Source(alias="s", dataset=DatasetName("sales"), span=span(40))
WITH_CLAIMS = joined("claims", ("unit_token", "unit_token"))


def shape(
    *sources: Source,
    dimensions: Sequence[Dimension] = (),
    measures: Sequence[Aggregate] = (),
    where: Predicate | None = None,
) -> QueryShape:
    """A question; by default sales joined with claims, counting sales."""
    aggregates = tuple(measures) or (measure(Fn.COUNT, 0, "sale_id"),)
    return QueryShape(
        sources=sources or (FROM_SALES, WITH_CLAIMS),
        where=where,
        dimensions=tuple(dimensions),
        aggregates=aggregates,
        outputs=tuple(Output(name=f"m{i}", value=AggregateValue(index=i)) for i in range(len(aggregates))),
    )


def per_unit(key: str, *outputs: object, where: Predicate | None = None) -> PerUnit:
    """A per-unit table."""
    return PerUnit(key=ColumnName(key), outputs=tuple(outputs), where=where)  # type: ignore[arg-type]


def question(**changes: object) -> Question:
    """Solstice asking ad hoc for warranty."""
    values = {"querier": MemberName("solstice"), "purpose": "warranty", "mode": Mode.AD_HOC, "today": TODAY} | changes
    return Question(**values)  # type: ignore[arg-type]


def decided(asked: QueryShape, *policies: DataPolicy, by: Question | None = None) -> Decision:
    """The decision, under harbor's sales and solstice's claims unless ``policies`` are given."""
    held = policies or (policy(SALES), policy(CLAIMS))
    return decide(asked, contracts=shipped_contracts(), policies=held, question=by or question())


def codes(decision: Decision) -> list[tuple[str, str, str]]:
    """The violations as (owner, code, rule)."""
    match decision:
        case Refused(violations=violations):
            return [(violation.owner, violation.code, violation.rule) for violation in violations]
        case Allowed():
            return []
