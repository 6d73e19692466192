"""Dates are not seen finer than their grain: neither as dimension nor by a comparison that cuts inside a period.

Attack: under grain month, `sale_date < DATE '2026-03-11'` minus `sale_date < DATE '2026-03-10'` is one day's sales.
Every way to cut is handled by one question: is the set of days it selects a union of whole periods?
"""

from collections.abc import Iterator
from datetime import date

from cleanroom.contracts.model import ColumnType
from cleanroom.errors import Violation
from cleanroom.shape import CompareOp, Grain, LiteralType, Operand, Parameter
from policies.case import Case
from policies.merge import coarser, is_finer
from policies.model import DataPolicy
from policies.periods import first_day, last_day
from policies.rules.permission import rests_on_value
from policies.rules.rule import Rule
from policies.rules.snapped import between_rewrite, snapped
from policies.uses import ColumnUse, Cut, Form, Place, Target

_FROM = (CompareOp.GE, CompareOp.LT)  # the literal is the first day of what is, or is no longer, selected
_TO = (CompareOp.LE, CompareOp.GT)


def _check(case: Case) -> Iterator[Violation]:
    for use in case.uses.columns:
        for policy, grain in _grains(case, use.target):
            if _is_too_fine(case, use, grain):
                yield _too_fine(case, use, policy, grain)
    for cut in case.uses.cuts:
        for policy, grain in _grains(case, cut.target):
            if not _keeps(cut, grain, is_moment=_is_moment(case, cut.target)):
                yield _cuts(case, cut, policy, grain)


def _grains(case: Case, target: Target) -> Iterator[tuple[DataPolicy, Grain]]:
    """Each owner's grain of what ``target`` shows, where the owner set one."""
    if target.column is None or not rests_on_value(target):
        return
    for policy, grant in case.grants(target.source, target.column):
        if grant is not None and grant.grain is not None:
            yield policy, grant.grain


def _is_too_fine(case: Case, use: ColumnUse, grain: Grain) -> bool:
    if use.form is Form.DIFF and use.grain is Grain.DAY:
        return True
    if use.grain is not None:
        return is_finer(use.grain, grain)
    # A plain column in a predicate is judged by where its literals cut.
    if use.place is Place.FILTER:
        return False
    return grain is not Grain.DAY or _is_moment(case, use.target)


def _is_moment(case: Case, target: Target) -> bool:
    column = case.sources[target.source].columns.get(target.column) if target.column is not None else None
    return column is not None and column.type is ColumnType.TIMESTAMP


def _keeps(cut: Cut, grain: Grain, *, is_moment: bool) -> bool:
    """Whether the days that ``cut`` selects are whole periods of ``grain``."""
    return all(_operand_keeps(cut.op, operand, grain, is_moment=is_moment) for operand in cut.operands)


def _operand_keeps(op: CompareOp | None, operand: Operand, grain: Grain, *, is_moment: bool) -> bool:
    if op not in (*_FROM, *_TO):
        return grain is Grain.DAY and not is_moment
    if isinstance(operand, Parameter):
        return operand.type is LiteralType.DATE  # its value is checked when there is one, before anything runs
    day = operand.value
    if operand.type is not LiteralType.DATE or not isinstance(day, date):
        return False
    if op in _FROM:
        return day == first_day(day, grain)
    # A moment on the last day is later than the day's midnight: only `<` the next first day takes the whole day in.
    return not is_moment and day == last_day(day, grain)


def _too_fine(case: Case, use: ColumnUse, policy: DataPolicy, grain: Grain) -> Violation:
    source = case.sources[use.target.source]
    strictest = _strictest(case, use.target)
    asked = f"`{use.form}` by `{use.grain}` of " if use.grain is not None else ""
    # The span is the column's own: around it may stand a `date_trunc` that a rewrite cannot reach.
    name = case.spelled(use.target.ref)
    truncated = f"date_trunc('{strictest}', {name})"
    instead = {Form.DIFF: f"date_diff('{strictest}', ...)", Form.PART: f"{strictest}({name})"}.get(use.form, truncated)
    return GRAIN.refusal(
        owner=policy.member,
        message=f"{asked}`{use.target.column}` of `{source.dataset}` is finer than its grain, `{grain}`",
        help=f"write `{instead}` or coarser, in SELECT and GROUP BY alike",
        span=use.span,
        rewrite=truncated if use.form is Form.PLAIN else None,
    )


def _cuts(case: Case, cut: Cut, policy: DataPolicy, grain: Grain) -> Violation:
    source = case.sources[cut.target.source]
    strictest, name = _strictest(case, cut.target), case.spelled(cut.target.ref)
    rewrite = None
    partner = _other_bound(case, cut)
    # `x NOT IN (...)` and `x NOT BETWEEN ...` may hold their NOT: a rewrite without it would say the opposite.
    if cut.default is None and not (cut.negated and (partner is not None or cut.op is None)):
        is_moment = _is_moment(case, cut.target)
        rewrite = (
            between_rewrite(name, cut, partner, strictest, is_moment=is_moment)
            if partner is not None
            else snapped(name, cut, strictest, is_moment=is_moment)
        )
    return GRAIN.refusal(
        owner=policy.member,
        message=f"the comparison of `{cut.target.column}` of `{source.dataset}` cuts inside a {grain}",
        help=f"whole {strictest}s only: from a first day (`>=`, `<`) to a last day (`<=`), "
        f"or compare `date_trunc('{strictest}', {name})`",
        span=cut.span,
        rewrite=rewrite,
    )


def _other_bound(case: Case, cut: Cut) -> Cut | None:
    """The other half of a BETWEEN: it stands at the same place in the text, and a rewrite replaces both."""
    if cut.span is None:
        return None
    for other in case.uses.cuts:
        if other != cut and other.span == cut.span and other.target.ref == cut.target.ref:
            return other
    return None


def _strictest(case: Case, target: Target) -> Grain:
    """The grain that satisfies every owner; at least a month, the finest the language can truncate to."""
    grain: Grain = Grain.MONTH
    for _, asked in _grains(case, target):
        grain = coarser(grain, asked) or grain
    return grain


GRAIN = Rule(name="grain", code="CR-P109", check=_check)
