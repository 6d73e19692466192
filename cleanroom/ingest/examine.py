"""Steps 9 and 10: a registered package -> its facts and its report, or a refusal. One pass over the rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import duckdb

from cleanroom.errors import DataRefused, Finding
from cleanroom.ingest.guarding import guard_findings, guard_rules, sampled_findings
from cleanroom.ingest.job import Declared, IngestJob, check_declared
from cleanroom.ingest.refusal import FileRefused
from cleanroom.ingest.schema import check_schema
from cleanroom.quality.identity import identity_findings
from cleanroom.quality.judge import decided_counts, decided_findings, judge
from cleanroom.quality.report import Evidence, QualityReport, sorted_findings
from cleanroom.quality.rules import RowRule, Severity, row_rules
from cleanroom.vault.commit import Commit, FileProfile
from cleanroom.vault.decide import Decided, Mode
from cleanroom.vault.package_file import register_package
from cleanroom.vault.profile import figures, profile
from cleanroom.vault.stage import Staged, stage
from cleanroom.vault.vault import LakeWriter


class SecondOpinion(Protocol):
    """The same rules, counted by somebody else; never decides, only agrees or not."""

    def __call__(
        self, connection: duckdb.DuckDBPyConnection, staged: Staged, rules: Sequence[RowRule], /
    ) -> Evidence: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A file that the gate lets through, row by row and as a whole."""

    staged: Staged
    rules: tuple[RowRule, ...]
    profile: FileProfile
    report: QualityReport


def examine(
    job: IngestJob,
    declared: Declared,
    writer: LakeWriter,
    history: tuple[Commit, ...],
    second_opinion: SecondOpinion | None,
    checkpoint: Callable[[str], None],
) -> Examined:
    """Guard, schema and quality of the whole file.

    Raises:
        SchemaRefused, DataRefused: see ``schema``; CR-V024 the rows do not read; CR-V029 another number of rows than the manifest states.
        FileRefused: CR-V025 clear identifiers; CR-V030 to CR-V033 the file as a whole is wrong.
    """
    register_package(writer.connection, job.package)
    present = check_schema(writer.connection, job.contract)
    rules = (
        *row_rules(job.contract, present=present, today=job.today, period=job.period),
        *guard_rules(job.contract, present),
    )
    errors = frozenset(rule.id for rule in rules if rule.severity is Severity.ERROR)
    try:
        wanted = figures(job.contract, present, declared.rows)
        staged = stage(writer.connection, job.contract, present, rules, errors, wanted)
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        # Signed by its member and still not what Parquet and UTF-8 promise: the file's fault, not the vault's.
        raise DataRefused("CR-V024", "the package is not a readable Parquet file", help="prepare it again") from None
    check_declared(declared, job.contract, staged.rows)
    clear = _guarded(rules, staged) or sampled_findings(writer.connection, job.contract, present, staged.rows)
    _refuse_if_fatal(QualityReport(rows=staged.rows, quarantined=0, findings=clear))
    checkpoint("guarded")
    file = profile(writer.connection, staged, declared.profiles)
    before = tuple(c.note for c in history if c.note is not None and c.note.dataset == job.contract.dataset)
    told = declared.identifiers
    report = judge(staged, file, rules, before, appending=job.mode is Mode.APPEND, more=identity_findings(told))
    report = replace(report, identifiers=told)
    if second_opinion is not None:
        report = replace(report, evidence=second_opinion(writer.connection, staged, rules))
    _refuse_if_fatal(report)
    checkpoint("judged")
    return Examined(staged=staged, rules=rules, profile=file, report=report)


def with_decided(report: QualityReport, decided: Decided) -> QualityReport:
    """``report`` with what the comparison inside the file and with the vault added."""
    findings = (*report.findings, *decided_findings(decided.tallies, decided.counts.rows))
    return replace(
        report,
        quarantined=decided.counts.quarantined,
        findings=sorted_findings(findings),
        rules=(*report.rules, *decided_counts(decided.tallies)),
    )


def _guarded(rules: tuple[RowRule, ...], staged: Staged) -> tuple[Finding, ...]:
    return guard_findings({rule.id: rule for rule in rules}, staged.tallies, staged.rows)


def _refuse_if_fatal(report: QualityReport) -> None:
    if report.fatal:
        raise FileRefused(report)
