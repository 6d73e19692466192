"""Every aggregate is granted for its column by every owner; COUNT(*) needs ``count`` on some column.

COUNT, SUM and the others are granted one by one: a column that may be averaged is not thereby summed.
"""

from collections.abc import Iterator, Mapping

from cleanroom.errors import Violation
from cleanroom.shape import Fn, PerUnitFn
from policies.case import Case
from policies.model import DataPolicy, Permission
from policies.rules.permission import usable
from policies.rules.rule import Rule
from policies.uses import MeasureUse

_NEEDS: Mapping[Fn | PerUnitFn, Permission] = {
    Fn.COUNT: Permission.COUNT,
    Fn.COUNT_DISTINCT: Permission.COUNT_DISTINCT,
    Fn.SUM: Permission.SUM,
    Fn.AVG: Permission.AVG,
    PerUnitFn.COUNT: Permission.COUNT,
    PerUnitFn.COUNT_DISTINCT: Permission.COUNT_DISTINCT,
    PerUnitFn.SUM: Permission.SUM,
}
"""MIN and MAX exist inside per-unit tables only, where the rule ``per_unit`` asks for the use they are put to."""


def _check(case: Case) -> Iterator[Violation]:
    for use in case.uses.measures:
        if use.fn in (PerUnitFn.MIN, PerUnitFn.MAX) or _is_of_output(use):
            continue
        permission = _NEEDS.get(use.fn, Permission.COUNT)
        source = case.sources[use.source]
        for policy in source.policies:
            if not _is_granted(policy, use, permission):
                yield MEASURE.refusal(
                    owner=policy.member,
                    message=_message(use, source.dataset, permission),
                    help=_instead(use, policy) + usable(source, permission),
                    span=use.span,
                )


def _is_of_output(use: MeasureUse) -> bool:
    return use.target is not None and use.target.output is not None


def _is_granted(policy: DataPolicy, use: MeasureUse, permission: Permission) -> bool:
    if use.target is None:
        return any(Permission.COUNT in grant.allow for grant in policy.columns.values())
    grant = policy.columns.get(use.target.ref.column)
    return grant is not None and permission in grant.allow


def _instead(use: MeasureUse, policy: DataPolicy) -> str:
    """What the column may be used for as a measure, where it is granted for another."""
    grant = policy.columns.get(use.target.ref.column) if use.target is not None else None
    measures = [one for one in Permission if one in set(_NEEDS.values()) and grant is not None and one in grant.allow]
    return (
        f"`{use.target.ref.column}` is granted for {', '.join(measures)}; "
        if use.target is not None and measures
        else ""
    )


def _message(use: MeasureUse, dataset: str, permission: Permission) -> str:
    if use.target is None:
        return f"rows of `{dataset}` may not be counted: no column is granted for count"
    return f"`{use.target.ref.column}` of `{dataset}` is not granted for {permission}"


MEASURE = Rule(name="measure", code="CR-P110", check=_check)
