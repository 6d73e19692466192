"""``contributor`` names members: a dimension or filter where every owner grants it, never counted or folded.

Attack: COUNT(DISTINCT contributor) per cell, or a per-unit table of it, tells which members share a customer.
"""

from collections.abc import Iterator

from cleanroom.errors import Span, Violation
from policies.case import Case
from policies.rules.rule import Rule
from policies.visible import CONTRIBUTOR


def _check(case: Case) -> Iterator[Violation]:
    for measure in case.uses.measures:
        if measure.target is not None and measure.target.column == CONTRIBUTOR:
            yield _refusal(measure.span)
    for use in case.uses.columns:
        if use.target.column == CONTRIBUTOR and use.target.inner:
            yield _refusal(use.span)


def _refusal(span: Span | None) -> Violation:
    return CONTRIBUTOR_RULE.refusal(
        owner="room",
        message=f"`{CONTRIBUTOR}` is a dimension or filter: not counted, and not used inside a per-unit table",
        help="the answer says how many members contributed",
        span=span,
    )


CONTRIBUTOR_RULE = Rule(name="contributor", code="CR-P116", check=_check)
