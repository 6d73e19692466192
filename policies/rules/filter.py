"""WHERE, CASE and FILTER look only at columns that every owner grants as ``filter``."""

from collections.abc import Iterator

from cleanroom.errors import Violation
from policies.case import Case
from policies.model import Permission
from policies.rules.permission import rests_on_value, usable
from policies.rules.rule import Rule
from policies.uses import Place


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
                    help=usable(source, Permission.FILTER),
                    span=use.span,
                )


FILTER = Rule(name="filter", code="CR-P108", check=_check)
