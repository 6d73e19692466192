"""Policies -> findings at save time: contradictions, vacuous grants, and pairs that no question can satisfy.

``finding`` the words · ``contradictions`` what one text says against itself or its contract (errors) · ``vacuous`` what
has no effect or less than it seems (warnings) · ``pairs`` what two texts together make impossible.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import combinations

from cleanroom.contracts.model import Contract
from cleanroom.errors import PolicyRefused
from cleanroom.names import DatasetName
from policies.lint.contradictions import CONTRADICTIONS
from policies.lint.finding import Circumstances, LintFinding, Severity
from policies.lint.pairs import PAIRS
from policies.lint.vacuous import VACUOUS
from policies.model import DataPolicy

__all__ = ["LintFinding", "Severity", "lint", "require_saveable"]


def require_saveable(
    policies: Sequence[DataPolicy], *, contracts: Mapping[DatasetName, Contract], today: date, floor: int = 10
) -> tuple[LintFinding, ...]:
    """Return the warnings about ``policies``, if nothing in them is an error.

    Raises:
        PolicyRefused: every error at once, CR-P020 to CR-P034 and CR-P060 to CR-P063.
    """
    findings = lint(policies, contracts=contracts, today=today, floor=floor)
    errors = tuple(finding.violation for finding in findings if finding.severity is Severity.ERROR)
    if errors:
        raise PolicyRefused(errors)
    return findings


def lint(
    policies: Sequence[DataPolicy], *, contracts: Mapping[DatasetName, Contract], today: date, floor: int = 10
) -> tuple[LintFinding, ...]:
    """Everything worth saying about ``policies``, each alone and every two together.

    Args:
        policies: the texts to save, with those already active if pairs are to be looked at.
        contracts: the room's record types.
        today: the day to hold `expires` against.
        floor: the room's least ``minimum_units`` for data about people.

    Returns:
        Findings ordered by owner, dataset and code. One of severity error refuses the text; warnings are shown.
    """
    around = Circumstances(contracts=contracts, today=today, floor=floor)
    found = [
        finding for policy in policies for check in (*CONTRADICTIONS, *VACUOUS) for finding in check(policy, around)
    ]
    for one, other in combinations(sorted(policies, key=lambda p: (p.member, p.dataset, p.version)), 2):
        found += [finding for check in PAIRS for finding in check(one, other, around)]
    return tuple(sorted(dict.fromkeys(found), key=lambda f: (f.owner, f.dataset, f.code, f.message)))
