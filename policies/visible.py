"""Which datasets and columns exist for a question: admission, and contracts cut down to it.

# INVARIANT I17: a text bound against ``visible_contracts`` cannot tell a column that is not granted from one that is
not there, whatever the binder says about unknown names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cleanroom.contracts.model import Column, ColumnType, Contract, Role
from cleanroom.names import ColumnName, DatasetName
from policies.decision import Question
from policies.model import DataPolicy

CONTRIBUTOR = ColumnName("contributor")
"""The pseudo-column that holds the member's name; exists where every owner grants it under ``columns``."""

_CONTRIBUTOR_COLUMN = Column(
    name=CONTRIBUTOR, type=ColumnType.TEXT, role=Role.DIMENSION, description="The member whose row it is."
)


def admits(policy: DataPolicy, question: Question) -> bool:
    """Whether ``policy`` lets this member ask for this purpose at all; empty lists admit nobody."""
    return question.querier in policy.queriers and question.purpose in policy.purposes


def admitted(dataset: DatasetName, policies: Sequence[DataPolicy], question: Question) -> tuple[DataPolicy, ...]:
    """The policies whose rows ``FROM dataset`` means, by member.

    A member with several texts for one dataset is admitted only if every one of them admits (most restrictive wins).
    """
    held = sorted((p for p in policies if p.dataset == dataset), key=lambda p: (p.member, p.version, p.digest))
    shut = {policy.member for policy in held if not admits(policy, question)}
    return tuple(policy for policy in held if policy.member not in shut)


def column_exists(column: ColumnName, policies: Sequence[DataPolicy]) -> bool:
    """Whether every one of ``policies`` grants ``column``, for a use or for joins; False for no policies."""
    return bool(policies) and all(column in p.columns or column in p.joins.columns for p in policies)


def visible_contracts(
    contracts: Mapping[DatasetName, Contract], policies: Sequence[DataPolicy], question: Question
) -> Mapping[DatasetName, Contract]:
    """``contracts`` without the datasets and columns that this question may not see; identifiers never are.

    ``contributor`` appears as a text column where it is granted.
    """
    seen: dict[DatasetName, Contract] = {}
    for name, contract in contracts.items():
        owners = admitted(name, policies, question)
        if owners:
            columns = tuple(column for column in contract.stored if column_exists(column.name, owners))
            if all(CONTRIBUTOR in policy.columns for policy in owners):
                columns = (*(c for c in columns if c.name != CONTRIBUTOR), _CONTRIBUTOR_COLUMN)
            seen[name] = replace(contract, columns=columns)
    return seen
