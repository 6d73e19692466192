"""Both sides of every equality in a join mean the same: tokens of one derivation, or dimensions of one name or profile.

Attack: an equality between columns of different meaning is a predicate in disguise (`s.quantity = c.visit_no`), and one
between two exact dates looks inside a grain.
"""

from collections.abc import Iterator

from cleanroom.errors import Violation
from cleanroom.shape import Grain
from policies.case import Case
from policies.meaning import means_the_same
from policies.model import Permission
from policies.rules.join_columns import rests_on_granted_pair
from policies.rules.rule import Rule
from policies.uses import PairUse, Target
from policies.visible import CONTRIBUTOR


def _check(case: Case) -> Iterator[Violation]:
    for pair in case.uses.pairs:
        if not _means_the_same(case, pair):
            yield _refusal(
                case, pair.right, "room", f"`{pair.left.ref.column}` and `{pair.right.ref.column}` do not mean the same"
            )
            continue
        if rests_on_granted_pair(case, pair.joined):
            for side in (pair.left, pair.right):
                yield from _ungranted(case, side)


def _ungranted(case: Case, side: Target) -> Iterator[Violation]:
    for policy in case.sources[side.source].policies:
        grant = policy.columns.get(side.ref.column)
        name = f"`{side.ref.column}` of `{case.sources[side.source].dataset}`"
        if side.ref.column in policy.joins.columns:
            is_granted = True
        else:
            is_granted = grant is not None and Permission.DIMENSION in grant.allow
        if not is_granted:
            yield _refusal(case, side, policy.member, f"{name} is granted neither as join column nor as dimension")
        if grant is not None and grant.grain not in (None, Grain.DAY):
            yield _refusal(case, side, policy.member, f"an equality of {name} would look inside its grain")


def _means_the_same(case: Case, pair: PairUse) -> bool:
    left, right = case.sources[pair.left.source], case.sources[pair.right.source]
    one, other = pair.left.ref.column, pair.right.ref.column
    if pair.left.output is not None or pair.right.output is not None:
        return False
    if CONTRIBUTOR in (one, other):
        return one == other
    return means_the_same(left.contract, one, right.contract, other)


def _refusal(case: Case, side: Target, owner: str, message: str) -> Violation:
    return JOIN_MEANING.refusal(
        owner=owner,
        message=message,
        help="join on tokens of one kind; further equalities are between dimensions of one name, such as `model`",
        span=side.ref.span or case.sources[side.source].source.span,
    )


JOIN_MEANING = Rule(name="join_meaning", code="CR-P106", check=_check)
