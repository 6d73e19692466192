"""Who asks must be allowed to hold the answer, by every owner."""

from collections.abc import Iterator

from cleanroom.errors import Violation
from policies.case import Case
from policies.rules.rule import Rule


def _check(case: Case) -> Iterator[Violation]:
    for source, policy in case.owners():
        if case.question.querier not in policy.receivers:
            yield RECEIVERS.refusal(
                owner=policy.member,
                message=f"`{case.question.querier}` may not hold answers drawn from `{source.dataset}`",
                help=f"ask {policy.member}'s steward to name you under `receivers`",
                span=source.source.span,
            )


RECEIVERS = Rule(name="receivers", code="CR-P112", check=_check)
