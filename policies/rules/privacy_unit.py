"""The privacy unit is never a dimension or filter, exists, and is the same column for all owners of a dataset.

Attack: a cell grouped or filtered by the unit is about one person, and units of two kinds cannot be counted together.
"""

from collections.abc import Iterator

from cleanroom.errors import Violation
from policies.case import Case
from policies.rules.permission import rests_on_value
from policies.rules.rule import Rule


def _check(case: Case) -> Iterator[Violation]:
    for use in case.uses.columns:
        source = case.sources[use.target.source]
        for policy in source.policies:
            if use.target.column == policy.privacy_unit and rests_on_value(use.target):
                yield PRIVACY_UNIT.refusal(
                    owner=policy.member,
                    message=f"`{policy.privacy_unit}` is whom `{source.dataset}` protects: not a {use.place}",
                    help="count it instead: `COUNT(DISTINCT ...)`",
                    span=use.span,
                )
    for source, policy in case.owners():
        if policy.privacy_unit not in source.columns:
            yield PRIVACY_UNIT.refusal(
                owner=policy.member,
                message=f"the policy's privacy unit is not a column of `{source.dataset}`",
                help=f"ask {policy.member}'s steward to correct `privacy_unit`",
                span=source.source.span,
            )
        elif policy.privacy_unit != source.policies[0].privacy_unit:
            yield PRIVACY_UNIT.refusal(
                owner="room",
                message=f"the owners of `{source.dataset}` protect different units",
                help="their stewards need to agree on `privacy_unit`",
                span=source.source.span,
            )


PRIVACY_UNIT = Rule(name="privacy_unit", code="CR-P113", check=_check)
