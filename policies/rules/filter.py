"""WHERE, CASE and FILTER look only at columns that every owner grants as ``filter``."""

from collections.abc import Iterator

from cleanroom.errors import Violation
from cleanroom.shape import JoinKind
from policies.case import Case, CaseSource
from policies.model import Permission
from policies.rules.permission import rests_on_value, usable
from policies.rules.rule import Rule
from policies.uses import ColumnUse, Form, Place


def _check(case: Case) -> Iterator[Violation]:
    for use in case.uses.columns:
        if use.place is not Place.FILTER or use.target.column is None or not rests_on_value(use.target):
            continue
        source = case.sources[use.target.source]
        for policy, grant in case.grants(source.index, use.target.column):
            if grant is None or Permission.FILTER not in grant.allow:
                yield FILTER.refusal(
                    owner=policy.member,
                    message=f"`{use.target.column}` of `{source.dataset}` is not granted as filter",
                    help=_matched(case, use, source) + usable(source, Permission.FILTER),
                    span=use.span,
                )


def _matched(case: Case, use: ColumnUse, source: CaseSource) -> str:
    """How units with a match are counted, where a LEFT-joined source is tested for NULL to find them."""
    is_compared = any(cut.target == use.target and cut.span == use.span for cut in case.uses.cuts)
    join = source.source.join
    if is_compared or use.form is not Form.PLAIN or join is None or join.kind is not JoinKind.LEFT:
        return ""
    return f"units with a match are `COUNT(DISTINCT {case.spelled(join.pairs[0].right)})`; "


FILTER = Rule(name="filter", code="CR-P108", check=_check)
