"""Per-unit tables: approved templates only, one row per granted join token, outputs bucketed, filtered or clamped.

Attack: an unbucketed per-unit number (claims per unit, exact spend) is as good as a key for rare values.
"""

from collections.abc import Iterator

from cleanroom.contracts.model import ColumnType
from cleanroom.errors import Span, Violation
from cleanroom.shape import Fn, PerUnit, PerUnitFn
from policies.case import Case, CaseSource
from policies.model import Mode, Permission
from policies.rules.permission import rests_on_value
from policies.rules.rule import Rule
from policies.uses import ColumnUse, Form, MeasureUse, Place

_EXTREMES = (PerUnitFn.MIN, PerUnitFn.MAX)


def _check(case: Case) -> Iterator[Violation]:
    for source in case.sources:
        if source.source.per_unit is not None:
            yield from _table(case, source, source.source.per_unit)
    for use in case.uses.columns:
        if use.target.output is not None:
            yield from _column(use)
    for measure in case.uses.measures:
        yield from _measure(case, measure)


def _table(case: Case, source: CaseSource, per_unit: PerUnit) -> Iterator[Violation]:
    if case.question.mode is not Mode.TEMPLATES:
        yield _room(source.source.span, "per-unit tables are for approved templates", "submit this text as a template")
    for policy in source.policies:
        if per_unit.key not in policy.joins.columns:
            yield PER_UNIT.refusal(
                owner=policy.member,
                message=f"`{per_unit.key}` of `{source.dataset}` is not granted as a join column to group by",
                help=f"group by {case.columns_named(source, policy.joins.columns, 'no column')}",
                span=source.source.span,
            )
    sides = [side for pair in case.uses.pairs for side in (pair.left, pair.right) if side.source == source.index]
    if not sides or any(side.ref.column != per_unit.key for side in sides):
        yield _room(source.source.span, "a per-unit table is joined on its key and nothing else", "join on its key")
    names = [output.name for output in per_unit.outputs]
    for output in per_unit.outputs:
        # A bound is found by column name: an output must not borrow the name, and so the bounds, of another column.
        made_of = output.column.column if output.column is not None else None
        if names.count(output.name) > 1 or (output.name in source.columns and output.name != made_of):
            yield _room(
                source.source.span, f"the output `{output.name}` needs a name of its own", "give it another alias"
            )


def _column(use: ColumnUse) -> Iterator[Violation]:
    is_date_period = rests_on_value(use.target) and use.form is not Form.PLAIN
    if use.place is Place.DIMENSION and not is_date_period:
        yield _room(
            use.span,
            f"`{use.target.ref.column}` is a number per unit: not a dimension as it is",
            "put it into buckets: `CASE WHEN ... >= 2 THEN '2+' ... END`",
        )


def _measure(case: Case, use: MeasureUse) -> Iterator[Violation]:
    source = case.sources[use.source]
    target = use.target
    if use.fn in _EXTREMES and target is not None and target.column is not None:
        is_token = source.columns[target.column].type is ColumnType.TOKEN if target.column in source.columns else True
        for policy, grant in case.grants(use.source, target.column):
            if is_token or grant is None or not grant.allow & {Permission.DIMENSION, Permission.FILTER}:
                yield PER_UNIT.refusal(
                    owner=policy.member,
                    message=f"{use.fn.upper()} of `{target.column}` needs it granted as dimension or filter",
                    help="take a granted column, or count instead",
                    span=use.span,
                )
    if target is None or target.output is None or use.inner:
        return
    if use.fn is Fn.COUNT_DISTINCT or (use.fn in (Fn.SUM, Fn.AVG) and target.output.fn in _EXTREMES):
        yield _room(
            use.span,
            f"`{target.ref.column}` may be counted, and summed where it is a count or a sum; nothing else",
            "count it, or put it into buckets as a dimension",
        )
    if use.fn is Fn.COUNT and not all(
        any(Permission.COUNT in grant.allow for grant in policy.columns.values()) for policy in source.policies
    ):
        yield _room(use.span, f"rows of `{source.dataset}` may not be counted", "no column is granted for count")


def _room(span: Span | None, message: str, help_text: str) -> Violation:
    return PER_UNIT.refusal(owner="room", message=message, help=help_text, span=span)


PER_UNIT = Rule(name="per_unit", code="CR-P115", check=_check)
