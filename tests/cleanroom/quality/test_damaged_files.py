"""Files that are wrong as a whole, pushed after a week of usual ones: each damage has its finding, and no row is lost."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from cleanroom.ingest.refusal import FileRefused
from cleanroom.quality.report import QualityReport
from cleanroom.vault.decide import Mode
from tests.cleanroom.ingest.rig import CLAIMS, Rig, sale, token

Rows = list[dict[str, object]]
_FIRST = date(2026, 1, 5)


def _day(number: int, count: int = 40) -> Rows:
    """One business day; buyers come again within the week."""
    return [
        sale(
            1000 * number + n,
            sale_date=_FIRST + timedelta(days=number),
            buyer_token=token(100_000 + n),
            sku=f"K{(7 * number + n) % 23}",
            unit_token=token(1000 * number + n),
        )
        for n in range(count)
    ]


def _moved(rows: Rows) -> Rows:
    """The fifth day once more: other sale ids, other dates, all else the same."""
    return [{**row, "sale_id": f"T{n}", "sale_date": date(2026, 3, 5)} for n, row in enumerate(_day(5))]


_DAMAGES: dict[str, tuple[Callable[[Rows], Rows], str, str]] = {
    "rows of another period": (
        lambda rows: [*rows[:-3], *({**row, "sale_date": date(2024, 2, 1)} for row in rows[-3:])],
        "CR-V037",
        "warning",
    ),
    "the whole file moved in time": (_moved, "CR-V033", "fatal"),
    "a sudden drop in volume": (lambda rows: rows[:9], "CR-V034", "warning"),
    "tokens under another profile": (
        lambda rows: [{**row, "buyer_token": token(500_000 + n)} for n, row in enumerate(rows)],
        "CR-V036",
        "warning",
    ),
    "rows shifted by one column": (
        lambda rows: [{**row, "channel": "north", "region": "N" * 101, "sale_date": date(2031, 1, 1)} for row in rows],
        "CR-V031",
        "fatal",
    ),
    "no tokens at all": (lambda rows: [{**row, "buyer_token": None} for row in rows], "CR-V035", "warning"),
}


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    made = Rig.make(tmp_path)
    for number in range(7):
        assert made.push(_day(number)).receipt.findings == ()
    return made


@pytest.mark.parametrize("damage", _DAMAGES, ids=lambda name: name.replace(" ", "-"))
def test_a_damaged_file_is_told_apart_from_the_usual_ones(rig: Rig, damage: str) -> None:
    """A fatal one is refused whole and leaves the vault as it was; a warning is in the receipt, and rows reconcile."""
    change, code, severity = _DAMAGES[damage]
    rows = change(_day(7))
    if severity == "fatal":
        with pytest.raises(FileRefused, match=code) as refused:
            rig.push(rows)
        report: QualityReport = refused.value.report
        assert code in {finding.code for finding in report.fatal}
        assert rig.read("SELECT count(*) FROM h.sales") == [(280,)]
        return
    receipt = rig.push(rows).receipt
    assert [(f.code, f.severity) for f in receipt.findings] == [(code, severity)]
    assert receipt.counts.reconciles
    assert receipt.counts.inserted == len(rows)


def test_impossible_intervals_are_quarantined_row_by_row(tmp_path: Path) -> None:
    """A claim closed before it was made goes; one reported before it was made is told."""
    rig = Rig.make(tmp_path)
    rows: Rows = [
        {"claim_id": f"C{n}", "claim_date": date(2026, 1, 10), "closed_date": date(2026, 1, 20), "unit_token": token(n)}
        for n in range(30)
    ]
    rows[4]["closed_date"] = date(2026, 1, 2)
    rows[9]["reported_date"] = date(2026, 1, 3)
    receipt = rig.push(rows, Mode.UPSERT, contract=CLAIMS).receipt
    assert [(f.code, f.severity, f.rows) for f in receipt.findings] == [
        ("CR-V026", "error", (5,)),
        ("CR-V026", "warning", (10,)),
    ]
    assert (receipt.counts.inserted, receipt.counts.quarantined) == (29, 1)
