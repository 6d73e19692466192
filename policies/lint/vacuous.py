"""What in a policy has no effect, or less than it seems: warnings."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from cleanroom.contracts.model import ColumnType
from policies.lint.finding import DATES, Circumstances, LintFinding, warning
from policies.model import DataPolicy, Permission
from policies.visible import CONTRIBUTOR

Check = Callable[[DataPolicy, Circumstances], Iterator[LintFinding]]
_MEASURING = frozenset((Permission.COUNT, Permission.COUNT_DISTINCT, Permission.SUM, Permission.AVG))
_SHOWING = frozenset((Permission.DIMENSION, Permission.FILTER))


def _admission(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:  # noqa: ARG001 (a check's shape)
    if not policy.queriers:
        yield warning(policy, "CR-P040", "queriers", "nobody may ask", "name the members that may")
    if not policy.purposes:
        yield warning(policy, "CR-P041", "purposes", "no purpose is admitted, so nobody may ask", "name the purposes")
    for querier in policy.queriers:
        if querier not in policy.receivers and set(policy.queriers) & set(policy.receivers):
            yield warning(
                policy, "CR-P042", "receivers", f"`{querier}` may ask but not hold the answer, so it is always refused",
                "name it under `receivers`, or take it out of `queriers`",
            )  # fmt: skip


def _measures(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:  # noqa: ARG001 (a check's shape)
    if not any(grant.allow & _MEASURING for grant in policy.columns.values()):
        yield warning(
            policy, "CR-P043", "columns", "nothing may be counted, summed or averaged here",
            "every question needs a measure: grant count on the key, or count_distinct on the unit",
        )  # fmt: skip


def _bounds(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:  # noqa: ARG001 (a check's shape)
    for name, grant in policy.columns.items():
        if Permission.AVG in grant.allow and grant.between is None:
            yield warning(
                policy, "CR-P044", f"columns.{name}.between", "an average without bounds: one value can dominate it",
                "add `between: [smallest, largest]`",
            )  # fmt: skip
        if grant.between is not None and grant.between[0] == grant.between[1]:
            yield warning(
                policy, "CR-P045", f"columns.{name}.between", "both bounds are equal, so every value counts the same",
                "widen them",
            )  # fmt: skip


def _without_effect(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:  # noqa: ARG001 (a check's shape)
    for name, grant in policy.columns.items():
        if name == CONTRIBUTOR and grant.allow & _MEASURING:
            yield warning(
                policy, "CR-P053", f"columns.{name}.allow", "`contributor` is never counted or added up",
                "grant it as dimension or filter; the answer says how many members contributed",
            )  # fmt: skip
        elif grant.between is not None and not grant.allow & _MEASURING:
            yield warning(
                policy, "CR-P053", f"columns.{name}.between", "bounds of a column that is not measured hold nothing back",
                "remove them, or grant a measure",
            )  # fmt: skip


def _dates(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:
    known = around.columns(policy)
    for name, grant in policy.columns.items():
        if grant.allow & _SHOWING and grant.grain is None and name in known and known[name].type in DATES:
            exactly = "moments" if known[name].type is ColumnType.TIMESTAMP else "days"
            yield warning(
                policy, "CR-P046", f"columns.{name}.grain", f"no grain: single {exactly} may be seen and cut at",
                "add `grain: month`, unless days are meant",
            )  # fmt: skip


def _contributors(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:  # noqa: ARG001 (a check's shape)
    asked = policy.contributors
    if asked is None:
        return
    if asked.minimum == 2:
        yield warning(
            policy, "CR-P047", "contributors.minimum", "of two contributors each can subtract its own share",
            "write 3 or more",
        )  # fmt: skip
    if asked.largest_share == Decimal(1):
        yield warning(
            policy, "CR-P048", "contributors.largest_share", "one member may make up nearly all of a cell",
            "write a share below 1, such as 0.7",
        )  # fmt: skip
    if asked.minimum * asked.largest_share < 1:
        least = -(-1 // asked.largest_share)
        yield warning(
            policy, "CR-P052", "contributors", f"a largest share of {asked.largest_share} needs {least} contributors, not {asked.minimum}",
            f"write `minimum: {least}`, or a larger share",
        )  # fmt: skip
    if CONTRIBUTOR in policy.columns and Permission.DIMENSION in policy.columns[CONTRIBUTOR].allow:
        yield warning(
            policy, "CR-P049", "columns.contributor", "cells split by member are withheld under this minimum, but for the asker's own",
            "grant `contributor` as filter only, or ask for no contributors",
        )  # fmt: skip


def _unit(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:
    contract = around.contracts.get(policy.dataset)
    if contract is not None and contract.privacy_unit not in (None, policy.privacy_unit):
        yield warning(
            policy, "CR-P050", "privacy_unit", f"the record type protects `{contract.privacy_unit}`",
            "another unit is counted here: one person may stand behind several of them",
        )  # fmt: skip


def _partners(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:  # noqa: ARG001 (a check's shape)
    if bool(policy.joins.columns) != bool(policy.joins.with_) and not policy.joins.required:
        yield warning(
            policy, "CR-P051", "joins", "join columns without partners, or partners without columns: nothing is joined",
            "name both, or neither",
        )  # fmt: skip


VACUOUS: tuple[Check, ...] = (_admission, _measures, _bounds, _without_effect, _dates, _contributors, _unit, _partners)
