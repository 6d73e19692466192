"""What a lint check says, and what it may look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cleanroom.contracts.model import Column, ColumnType, Contract
from cleanroom.errors import Violation
from cleanroom.names import ColumnName, DatasetName, MemberName
from policies.model import DataPolicy

NUMBERS = (ColumnType.INTEGER, ColumnType.DECIMAL)
DATES = (ColumnType.DATE, ColumnType.TIMESTAMP)


class Severity(StrEnum):
    """An error refuses the text at save time; a warning is shown beside it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding:
    """One thing worth saying about a policy; ``field`` is its place in the text, such as `columns.sku.allow`."""

    severity: Severity
    code: str
    owner: MemberName
    dataset: DatasetName
    field: str
    message: str
    help: str

    @property
    def violation(self) -> Violation:
        """The finding as refusals are shown."""
        return Violation(
            code=self.code,
            rule="policy_lint",
            owner=self.owner,
            message=f"`{self.field}`: {self.message}",
            help=self.help,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a check may look at beside the policies."""

    contracts: Mapping[DatasetName, Contract]
    today: date
    floor: int

    def columns(self, policy: DataPolicy) -> Mapping[ColumnName, Column]:
        """The stored columns of the policy's dataset; none if the room has no such record type."""
        contract = self.contracts.get(policy.dataset)
        return {column.name: column for column in contract.stored} if contract is not None else {}

    def is_about_people(self, policy: DataPolicy) -> bool:
        """Whether the record type protects somebody; one without contract is taken to."""
        contract = self.contracts.get(policy.dataset)
        return contract is None or contract.privacy_unit is not None


def error(policy: DataPolicy, code: str, field: str, message: str, help_text: str) -> LintFinding:
    """A finding that refuses the text."""
    return _finding(Severity.ERROR, policy, code, field, message, help_text)


def warning(policy: DataPolicy, code: str, field: str, message: str, help_text: str) -> LintFinding:
    """A finding that is shown."""
    return _finding(Severity.WARNING, policy, code, field, message, help_text)


def _finding(
    severity: Severity, policy: DataPolicy, code: str, field: str, message: str, help_text: str
) -> LintFinding:
    return LintFinding(
        severity=severity,
        code=code,
        owner=policy.member,
        dataset=policy.dataset,
        field=field,
        message=message,
        help=help_text,
    )
