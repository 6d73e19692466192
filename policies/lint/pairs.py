"""Two policies that no question can satisfy together, though each can be alone.

Two members' policies for one dataset meet whenever both admit a querier; policies of two datasets meet where one names
the other. An impossible pair that both sides want is an error; one that only one side wants is a warning.
"""

from collections.abc import Callable, Iterator

from cleanroom.plan import Mechanism
from policies.document import MAX_ROUNDING_BASE
from policies.lint.finding import Circumstances, LintFinding, error, warning
from policies.meaning import means_the_same
from policies.merge import meet, terms_of
from policies.model import DataPolicy, Permission

Check = Callable[[DataPolicy, DataPolicy, Circumstances], Iterator[LintFinding]]
_MEASURING = frozenset((Permission.COUNT, Permission.COUNT_DISTINCT, Permission.SUM, Permission.AVG))


def _one_dataset(one: DataPolicy, other: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:  # noqa: ARG001
    """`FROM sales` of two owners."""
    if one.dataset != other.dataset or one.member == other.member or not _audience(one, other):
        return
    both = meet(terms_of(one), terms_of(other))
    reasons: list[tuple[str, str]] = []
    if len(both.privacy_units) > 1:
        reasons.append(("privacy_unit", "the two protect different units"))
    if not any(grant.allow & _MEASURING for grant in both.columns.values()):
        reasons.append(("columns", "no measure is granted by both"))
    for name, grant in both.columns.items():
        if grant.between is not None and grant.between[0] > grant.between[1]:
            reasons.append((f"columns.{name}.between", "the bounds of the two do not meet"))
    if both.join_required and not (both.join_columns and both.join_with):
        reasons.append(("joins", "a join is required, but the two share no join column or no partner"))
    if both.base is not None and both.base > MAX_ROUNDING_BASE and both.mechanism is Mechanism.ROUND:
        reasons.append(("release.base", "the rounding bases have no reasonable common multiple"))
    for field, reason in reasons:
        yield error(
            one, "CR-P060", field, f"with {other.member}'s `{other.dataset}` no question passes: {reason}",
            f"agree with {other.member}'s steward",
        )  # fmt: skip


def _two_datasets(one: DataPolicy, other: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:
    """`sales JOIN claims`, where one side at least names the other."""
    wanted = [one.dataset in other.joins.with_, other.dataset in one.joins.with_]
    if one.dataset == other.dataset or not any(wanted):
        return
    if not all(wanted):
        silent, asking = (one, other) if wanted[0] else (other, one)
        yield warning(
            asking, "CR-P061", "joins.with", f"{silent.member}'s `{silent.dataset}` does not name `{asking.dataset}`",
            f"agree with {silent.member}'s steward: both sides name each other",
        )  # fmt: skip
        return
    if not _audience(one, other):
        yield error(
            one, "CR-P062", "queriers", f"no member may ask this together with {other.member}'s `{other.dataset}`",
            "a querier, one of its purposes and its place among the receivers must be granted by both",
        )  # fmt: skip
    left, right = around.contracts.get(one.dataset), around.contracts.get(other.dataset)
    if left is None or right is None:
        return
    if not any(
        means_the_same(left, first, right, second)
        for first in one.joins.columns
        for second in other.joins.columns
        if first in around.columns(one) and second in around.columns(other)
    ):
        yield error(
            one, "CR-P063", "joins.columns", f"no join column is granted both here and in {other.member}'s `{other.dataset}`",
            "grant columns that mean the same on both sides, such as `unit_token`",
        )  # fmt: skip


def _audience(one: DataPolicy, other: DataPolicy) -> bool:
    """Whether some member may ask both for one purpose and hold the answer."""
    queriers = set(one.queriers) & set(other.queriers) & set(one.receivers) & set(other.receivers)
    return bool(queriers and set(one.purposes) & set(other.purposes))


PAIRS: tuple[Check, ...] = (_one_dataset, _two_datasets)
