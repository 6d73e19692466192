"""A policy past its last day answers nothing."""

from collections.abc import Iterator

from cleanroom.errors import Violation
from policies.case import Case
from policies.rules.rule import Rule


def _check(case: Case) -> Iterator[Violation]:
    for source, policy in case.owners():
        if policy.expires is not None and case.question.today > policy.expires:
            yield EXPIRY.refusal(
                owner=policy.member,
                message=f"the policy for `{source.dataset}` expired on {policy.expires.isoformat()}",
                help=f"ask {policy.member}'s steward to sign a new version",
                span=source.source.span,
            )


EXPIRY = Rule(name="expiry", code="CR-P102", check=_check)
