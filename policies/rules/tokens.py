"""Tokens are for joining and counting: never a dimension, never compared or tested, whatever a policy grants.

Attack: `WHERE unit_token = ...` asks about one unit that the querier already knows the token of.
"""

from collections.abc import Iterator

from cleanroom.contracts.model import ColumnType
from cleanroom.errors import Violation
from policies.case import Case
from policies.rules.permission import rests_on_value
from policies.rules.rule import Rule


def _check(case: Case) -> Iterator[Violation]:
    for use in case.uses.columns:
        source = case.sources[use.target.source]
        column = source.columns.get(use.target.column) if use.target.column is not None else None
        if column is None or column.type is not ColumnType.TOKEN or not rests_on_value(use.target):
            continue
        if any(column.name == policy.privacy_unit for policy in source.policies):
            continue  # the rule privacy_unit says so, in the owner's name
        yield TOKENS.refusal(
            owner="room",
            message=f"`{column.name}` of `{source.dataset}` is a token: not a {use.place}",
            help="join on it or count it: `COUNT(DISTINCT ...)`; units without a match are the difference of two such counts",
            span=use.span,
        )


TOKENS = Rule(name="tokens", code="CR-P114", check=_check)
