"""The release mechanism that a policy asks for is one this room can carry out.

A room that cannot add the noise a policy asks for must not answer without it: what is missing refuses.
"""

from collections.abc import Iterator

from cleanroom.errors import Violation
from cleanroom.plan import Mechanism
from policies.case import Case
from policies.document import MAX_ROUNDING_BASE
from policies.merge import multiple
from policies.rules.rule import Rule

AVAILABLE = (Mechanism.SUPPRESS, Mechanism.ROUND)


def _check(case: Case) -> Iterator[Violation]:
    base = None
    for source, policy in case.owners():
        base = multiple(base, policy.release.base)
        if policy.release.mechanism not in AVAILABLE:
            yield MECHANISM.refusal(
                owner=policy.member,
                message=f"`{source.dataset}` asks for `{policy.release.mechanism}`, which this room does not offer",
                help=f"ask {policy.member}'s steward for `suppress` or `round`",
                span=source.source.span,
            )
    if base is not None and base > MAX_ROUNDING_BASE:
        yield MECHANISM.refusal(
            owner="room",
            message=f"the owners' rounding bases have no common multiple up to {MAX_ROUNDING_BASE}",
            help="their stewards need to agree on `base`",
        )


MECHANISM = Rule(name="mechanism", code="CR-P117", check=_check)
