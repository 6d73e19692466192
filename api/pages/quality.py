"""Quality as pages show it: each rule in words with rows, share, how to fix and trend; identifiers; the last files."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from api.auth import InRoom, Who
from api.pages.chrome import page
from api.pages.route import PageRoute
from api.pages.sparkline import sparkline
from api.usecases.contracts import get_contract
from api.usecases.quality import FileQuality, QualityTrend, RuleTrend, quality_trend
from cleanroom.errors import Finding
from cleanroom.quality.identity import IdentifierQuality
from cleanroom.quality.report import QualityReport
from cleanroom.quality.shares import share_text

router = APIRouter(route_class=PageRoute)

_A_LOT = 100
"""Thousandths: a bar of a tenth of the rows is as high as any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """A line of the rules' table, about the newest file; ``first`` are row numbers."""

    severity: str
    words: str
    help: str
    rows: int
    share: int
    first: tuple[int, ...]
    trend: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierRow:
    """A line of the identifiers' table, about the newest file."""

    known: IdentifierQuality
    trend: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityTables:
    """What a quality page shows. ``whole`` are the findings that are about no single row."""

    files: tuple[FileQuality, ...]
    whole: tuple[Finding, ...]
    rules: tuple[RuleRow, ...]
    identifiers: tuple[IdentifierRow, ...]
    volume: Markup
    aside: Markup


@router.get("/data/{dataset}/quality")
def show_trend(request: Request, room: InRoom, who: Who, dataset: str) -> Response:
    """The last files of one's own member's dataset."""
    contract = get_contract(room, dataset)
    trend = quality_trend(room, who, dataset)
    return page(request, "quality.html", who=who, contract=contract, tables=tables(trend))


def tables(trend: QualityTrend, report: QualityReport | None = None) -> QualityTables:
    """The tables of ``trend``; with the newest file's ``report`` only the rules that file breaks."""
    files = trend.files
    findings = report.findings if report is not None else ()
    rules = [rule for rule in trend.rules if report is None or rule.rows[-1]]
    return QualityTables(
        files=tuple(reversed(files)),
        whole=tuple(f for f in findings if not any(f.message.startswith(rule.words) for rule in rules)),
        rules=tuple(_rule(rule, findings) for rule in rules),
        identifiers=_identifiers(files),
        volume=sparkline([file.rows for file in files], "rows"),
        aside=sparkline([file.quarantined_share for file in files], "share quarantined", share_text, least_top=_A_LOT),
    )


def _rule(rule: RuleTrend, findings: Sequence[Finding]) -> RuleRow:
    return RuleRow(
        severity=rule.severity,
        words=rule.words,
        help=rule.help,
        rows=rule.rows[-1],
        share=rule.shares[-1],
        first=next((f.rows for f in findings if f.message.startswith(rule.words)), ()),
        trend=sparkline(rule.shares, "share of rows", share_text, least_top=_A_LOT),
    )


def _identifiers(files: Sequence[FileQuality]) -> tuple[IdentifierRow, ...]:
    if not files:
        return ()
    return tuple(
        IdentifierRow(
            known=known,
            trend=sparkline(
                [k.missing_share for file in files for k in file.identifiers if k.column == known.column],
                "share missing",
                share_text,
                least_top=_A_LOT,
            ),
        )
        for known in files[-1].identifiers
    )
