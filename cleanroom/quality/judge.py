"""Tallies of row rules, and what is known of the last files -> the report."""

from collections.abc import Mapping, Sequence

from cleanroom.errors import Finding
from cleanroom.quality.file_checks import FileContext, file_findings
from cleanroom.quality.report import QualityReport, RuleCount, Trend, share_in_words, sorted_findings
from cleanroom.quality.rules import RowRule, RuleKind, Severity
from cleanroom.vault.commit import CommitNote, FileProfile
from cleanroom.vault.decide import DUPLICATE_RULE, ERASED_RULE, EXISTS_RULE, OLDER_RULE, TWIN_RULE
from cleanroom.vault.stage import Staged, Tally

ROW_RULE = "CR-V026"
"""The code of every row rule's finding; the rule itself is told by its words."""

# Rules that only the decision can apply: words, help, severity.
_DECIDED: Mapping[str, tuple[str, str, str]] = {
    TWIN_RULE: ("rows share a natural key and differ", "keep one row per key; nobody can tell which is right", "error"),
    EXISTS_RULE: (
        "rows are already in the vault with other content",
        "append never changes rows; push the file with mode upsert",
        "error",
    ),
    ERASED_RULE: (
        "rows of people who were erased stay out",
        "nothing to do; take the person out of the extract if you can",
        "warning",
    ),
    OLDER_RULE: (
        "rows are older than what the vault holds, by `restated_at`; the newer ones stay",
        "nothing to do; a correction carries a later `restated_at` than the row it corrects",
        "note",
    ),
    DUPLICATE_RULE: ("rows repeat another row of the file exactly; each is kept once", "", "note"),
}
_DECIDED_CODES: Mapping[str, str] = {ERASED_RULE: "CR-V048", OLDER_RULE: "CR-V049"}


def judge(
    staged: Staged,
    profile: FileProfile,
    rules: Sequence[RowRule],
    before: Sequence[CommitNote],
    *,
    appending: bool,
    more: tuple[Finding, ...] = (),
) -> QualityReport:
    """The report before the decision: row rules, file checks, ``more`` findings, trend.

    Args:
        staged: the file's facts.
        profile: the file as a whole.
        rules: the row rules that were checked.
        before: notes of the last files of this dataset, oldest first.
        appending: whether the push cannot restate rows.
        more: findings of other steps (the guard).
    """
    by_id = {rule.id: rule for rule in rules}
    broken = staged.rows - staged.good
    context = FileContext(
        now=profile,
        before=tuple(note.file for note in before if note.file is not None),
        appending=appending,
        broken=broken,
        broken_columns=_mostly_broken_columns(staged, by_id),
    )
    row_findings = tuple(_row_finding(by_id[tally.rule], tally, staged.rows) for tally in staged.tallies)
    return QualityReport(
        rows=staged.rows,
        quarantined=broken,
        findings=sorted_findings((*row_findings, *file_findings(context), *more)),
        trend=tuple(_trend(note) for note in before[-10:]),
        rules=tuple(_row_count(by_id[tally.rule], tally) for tally in staged.tallies),
    )


def decided_findings(tallies: tuple[Tally, ...], rows: int) -> tuple[Finding, ...]:
    """Findings that only the comparison inside the file and with the vault could make."""
    return tuple(
        Finding(
            code=_DECIDED_CODES.get(tally.rule, "CR-V027"),
            severity=_DECIDED[tally.rule][2],
            message=f"{_DECIDED[tally.rule][0]}: {share_in_words(tally.rows, rows)}",
            help=_DECIDED[tally.rule][1],
            count=tally.rows,
            rows=tally.first,
        )
        for tally in tallies
    )


def decided_counts(tallies: tuple[Tally, ...]) -> tuple[RuleCount, ...]:
    """The same, by rule."""
    return tuple(
        RuleCount(
            rule=tally.rule,
            column="",
            severity=_DECIDED[tally.rule][2],
            words=_DECIDED[tally.rule][0],
            help=_DECIDED[tally.rule][1],
            rows=tally.rows,
        )
        for tally in tallies
    )


def words_for(rules: Sequence[RowRule]) -> Mapping[str, str]:
    """Rule id -> the rule in words, for the quarantine."""
    return {**{rule.id: rule.words for rule in rules}, **{rule: words for rule, (words, _, _) in _DECIDED.items()}}


def _row_finding(rule: RowRule, tally: Tally, rows: int) -> Finding:
    return Finding(
        code=ROW_RULE,
        severity=str(rule.severity),
        message=f"{rule.words}: broken in {share_in_words(tally.rows, rows)}",
        help=rule.help,
        column=str(rule.columns[0]),
        count=tally.rows,
        rows=tally.first,
    )


def _row_count(rule: RowRule, tally: Tally) -> RuleCount:
    return RuleCount(
        rule=rule.id,
        column=str(rule.columns[0]),
        severity=str(rule.severity),
        words=rule.words,
        help=rule.help,
        rows=tally.rows,
    )


def _mostly_broken_columns(staged: Staged, rules: Mapping[str, RowRule]) -> int:
    columns = {
        rules[tally.rule].columns[0]
        for tally in staged.tallies
        if rules[tally.rule].severity is Severity.ERROR
        and rules[tally.rule].kind is not RuleKind.PERIOD
        and 2 * tally.rows > staged.rows
    }
    return len(columns)


def _trend(note: CommitNote) -> Trend:
    file = note.file
    return Trend(
        rows=note.counts.rows,
        quarantined=note.counts.quarantined,
        first_day=file.first_day if file else None,
        last_day=file.last_day if file else None,
    )
