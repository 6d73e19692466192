"""Datasets in mode ``templates`` are read by approved templates only."""

from collections.abc import Iterator

from cleanroom.errors import Violation
from policies.case import Case
from policies.model import Mode
from policies.rules.rule import Rule


def _check(case: Case) -> Iterator[Violation]:
    if case.question.mode is Mode.TEMPLATES:
        return
    for source, policy in case.owners():
        if policy.mode is not Mode.AD_HOC:
            yield MODE.refusal(
                owner=policy.member,
                message=f"`{source.dataset}` may be read by approved templates only",
                help=f"run an approved template, or submit this text as one for {policy.member}'s steward to approve",
                span=source.source.span,
            )


MODE = Rule(name="mode", code="CR-P101", check=_check)
