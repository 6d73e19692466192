"""Cells are grouped only by columns that every owner grants as ``dimension``."""

from collections.abc import Iterator

from cleanroom.errors import Violation
from policies.case import Case
from policies.model import Permission
from policies.rules.permission import rests_on_value, usable
from policies.rules.rule import Rule
from policies.uses import Place


def _check(case: Case) -> Iterator[Violation]:
    for use in case.uses.columns:
        if use.place is not Place.DIMENSION or use.target.column is None or not rests_on_value(use.target):
            continue
        source = case.sources[use.target.source]
        for policy, grant in case.grants(source.index, use.target.column):
            if grant is None or Permission.DIMENSION not in grant.allow:
                yield DIMENSION.refusal(
                    owner=policy.member,
                    message=f"`{use.target.column}` of `{source.dataset}` is not granted as dimension",
                    help=usable(source, Permission.DIMENSION),
                    span=use.span,
                )


DIMENSION = Rule(name="dimension", code="CR-P107", check=_check)
