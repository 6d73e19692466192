"""What a policy says against itself, against its contract or against the room: errors."""

from collections.abc import Callable, Iterator

from cleanroom.contracts.model import ColumnType
from policies.lint.finding import DATES, NUMBERS, Circumstances, LintFinding, error
from policies.meaning import means_the_same
from policies.model import DataPolicy, Permission
from policies.rules.mechanism import AVAILABLE
from policies.visible import CONTRIBUTOR

Check = Callable[[DataPolicy, Circumstances], Iterator[LintFinding]]
_SHOWING = frozenset((Permission.DIMENSION, Permission.FILTER))


def _dataset(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:
    if policy.dataset not in around.contracts:
        yield error(policy, "CR-P020", "dataset", "the room has no such record type", "add its contract first")


def _columns(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:
    if policy.dataset not in around.contracts:
        return
    known = around.columns(policy)
    named = [(f"columns.{name}", name) for name in policy.columns if name != CONTRIBUTOR]
    named += [("joins.columns", name) for name in policy.joins.columns]
    for field, name in named:
        if name not in known:
            yield error(
                policy, "CR-P021", field, f"`{name}` is not a stored column of `{policy.dataset}`",
                "identifiers exist on the member's machine only: name their token column",
            )  # fmt: skip


def _privacy_unit(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:
    known = around.columns(policy)
    column = known.get(policy.privacy_unit)
    if known and column is None:
        yield error(
            policy, "CR-P022", "privacy_unit", f"`{policy.privacy_unit}` is not a stored column", "name a token"
        )
    elif column is not None and around.is_about_people(policy) and column.type is not ColumnType.TOKEN:
        yield error(
            policy, "CR-P022", "privacy_unit", f"`{policy.privacy_unit}` is not a token, so it protects no one",
            "name the token of the person or unit",
        )  # fmt: skip
    grant = policy.columns.get(policy.privacy_unit)
    for permission in sorted(grant.allow & _SHOWING) if grant is not None and around.is_about_people(policy) else ():
        yield error(
            policy, "CR-P023", f"columns.{policy.privacy_unit}.allow", f"the privacy unit is granted as {permission}",
            "a cell about one unit is about one person: grant count_distinct only",
        )  # fmt: skip


def _join_columns(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:
    known = around.columns(policy)
    for name, grant in policy.columns.items():
        shown = grant.allow & _SHOWING
        is_token = name in known and known[name].type is ColumnType.TOKEN
        if not shown or name == policy.privacy_unit:
            continue
        if name in policy.joins.columns and Permission.DIMENSION in shown:
            yield error(
                policy, "CR-P024", f"columns.{name}.allow", "a join column is also granted as dimension",
                "grouping by what rows are matched on lists the matches: remove one of the two",
            )  # fmt: skip
        elif is_token:
            yield error(
                policy, "CR-P025", f"columns.{name}.allow", "a token is granted as dimension or filter",
                "tokens are joined on and counted: grant count_distinct",
            )  # fmt: skip


def _minimum(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:
    if around.is_about_people(policy) and policy.minimum_units < around.floor:
        yield error(
            policy, "CR-P026", "minimum_units", f"under the room's floor of {around.floor} for people",
            f"write {around.floor} or more",
        )  # fmt: skip


def _sums(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:
    known = around.columns(policy)
    for name, grant in policy.columns.items():
        if Permission.SUM in grant.allow and grant.between is None:
            yield error(
                policy, "CR-P027", f"columns.{name}.between", "a sum needs bounds",
                "add `between: [smallest, largest]`: each value is clamped to it before it is summed",
            )  # fmt: skip
        summed = grant.allow & {Permission.SUM, Permission.AVG}
        if summed and name in known and known[name].type not in NUMBERS:
            yield error(policy, "CR-P028", f"columns.{name}.allow", "only numbers are summed or averaged", "remove it")


def _grains(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:
    known = around.columns(policy)
    for name, grant in policy.columns.items():
        if grant.grain is not None and name in known and known[name].type not in DATES:
            yield error(policy, "CR-P029", f"columns.{name}.grain", "only dates have a grain", "remove it")


def _joins(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:
    if policy.joins.required and not policy.joins.columns:
        yield error(
            policy, "CR-P030", "joins.columns", "a join is required but no column may be joined",
            "name the token columns to match on, or write `required: false`",
        )  # fmt: skip
    if policy.joins.required and not policy.joins.with_:
        yield error(
            policy, "CR-P030", "joins.with", "a join is required but no dataset may be joined",
            "name the datasets it may meet, or write `required: false`",
        )  # fmt: skip
    own = around.contracts.get(policy.dataset)
    for partner in policy.joins.with_:
        other = around.contracts.get(partner)
        if other is None:
            yield error(policy, "CR-P031", "joins.with", f"the room has no record type `{partner}`", "correct the name")
        elif own is not None and not any(
            means_the_same(own, one, other, column.name)
            for one in policy.joins.columns
            if one in around.columns(policy)
            for column in other.stored
        ):
            yield error(
                policy, "CR-P031", "joins.with", f"no granted join column has a counterpart in `{partner}`",
                "grant a column that both hold, such as `unit_token`",
            )  # fmt: skip


def _expiry(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:
    if policy.expires is not None and policy.expires < around.today:
        yield error(policy, "CR-P032", "expires", "the last day is in the past", "write a later day, or leave it out")


def _receivers(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:  # noqa: ARG001 (a check's shape)
    if policy.queriers and not set(policy.queriers) & set(policy.receivers):
        yield error(
            policy, "CR-P033", "receivers", "no querier may hold the answer, so nothing can be asked",
            "name the queriers under `receivers` too",
        )  # fmt: skip


def _mechanism(policy: DataPolicy, around: Circumstances) -> Iterator[LintFinding]:  # noqa: ARG001 (a check's shape)
    if policy.release.mechanism not in AVAILABLE:
        yield error(
            policy, "CR-P034", "release.mechanism", f"this room does not offer `{policy.release.mechanism}`",
            "write `suppress` or `round`",
        )  # fmt: skip


CONTRADICTIONS: tuple[Check, ...] = (
    _dataset, _columns, _privacy_unit, _join_columns, _minimum, _sums, _grains, _joins, _expiry, _receivers, _mechanism,
)  # fmt: skip
