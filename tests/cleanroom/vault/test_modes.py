"""The modes against a plain dict: whatever is pushed in whatever order, the lake holds what the model holds."""

from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleanroom.errors import UsageProblem
from cleanroom.vault import RowCounts
from cleanroom.vault.decide import Mode
from cleanroom.vault.period import parse_period
from tests.cleanroom.ingest.rig import Rig, sale

_rows = st.lists(
    st.fixed_dictionaries(
        {
            "sale_id": st.sampled_from([None, "S0", "S1", "S2", "S3", "S4", "S5"]),
            "sale_date": st.sampled_from([date(2026, 1, 5), date(2026, 2, 5)]),
            "region": st.sampled_from([None, "north", "south"]),
        }
    ),
    min_size=1,
    max_size=8,
)
_pushes = st.lists(st.tuples(st.sampled_from(Mode), _rows), min_size=1, max_size=4)
Row = tuple[object, object]


def _model(held: dict[object, Row], mode: Mode, rows: list[dict[str, object]]) -> RowCounts:
    """What a push does to ``held``, and its counts; written row by row, without a thought for speed."""
    bad = [r["sale_id"] is None or (mode is Mode.REPLACE and r["sale_date"] != date(2026, 1, 5)) for r in rows]
    good = [(r["sale_id"], (r["sale_date"], r["region"])) for r, wrong in zip(rows, bad, strict=True) if not wrong]
    quarantined, duplicate, inserted, changed, unchanged = sum(bad), 0, 0, 0, 0
    before = dict(held)
    for key in dict.fromkeys(key for key, _ in good):
        versions = [row for other, row in good if other == key]
        if len(set(versions)) > 1:
            quarantined += len(versions)
            continue
        duplicate += len(versions) - 1
        if key not in before:
            inserted += 1
        elif before[key] == versions[0]:
            unchanged += 1
            continue
        elif mode is Mode.APPEND:
            quarantined += 1
            continue
        else:
            changed += 1
        held[key] = versions[0]
    removed = 0
    if mode is Mode.REPLACE:
        gone = [k for k, v in before.items() if v[0] == date(2026, 1, 5) and k not in {r["sale_id"] for r in rows}]
        removed = len(gone)
        for key in gone:
            del held[key]
    return RowCounts(
        rows=len(rows), inserted=inserted, changed=changed, unchanged=unchanged, duplicate=duplicate,
        quarantined=quarantined, removed=removed,
    )  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(pushes=_pushes)
def test_the_lake_holds_what_a_dict_would(
    pushes: list[tuple[Mode, list[dict[str, object]]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """INVARIANT I2, I6: counts reconcile after every push, and the final rows are the model's."""
    rig = Rig.make(tmp_path_factory.mktemp("model"))
    held: dict[object, Row] = {}
    appended: list[list[dict[str, object]]] = []
    for mode, rows in pushes:
        receipt = rig.push(rows, mode, "2026-01" if mode is Mode.REPLACE else None).receipt
        assert receipt.counts.reconciles
        if mode is Mode.APPEND and rows in appended:
            assert (receipt.resent, receipt.counts.inserted, receipt.counts.changed) == (True, 0, 0)
            continue
        expected = _model(held, mode, rows)
        assert receipt.resent or receipt.counts == expected
        if mode is Mode.APPEND and receipt.new_snapshot:
            appended.append(rows)
    there = rig.read("SELECT sale_id, sale_date, region FROM h.sales") if held or _has_table(rig) else []
    assert {key: (day, region) for key, day, region in there} == held
    assert len(there) == len(held)


def _has_table(rig: Rig) -> bool:
    return rig.read("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'sales'") == [(1,)]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2026", (date(2026, 1, 1), date(2026, 12, 31))),
        ("2024-02", (date(2024, 2, 1), date(2024, 2, 29))),
        ("2026-12", (date(2026, 12, 1), date(2026, 12, 31))),
        ("2026-01-15", (date(2026, 1, 15), date(2026, 1, 15))),
        ("2026-01/2026-03", (date(2026, 1, 1), date(2026, 3, 31))),
    ],
)
def test_periods(text: str, days: tuple[date, date]) -> None:
    """A year, a month, a day or a span of them."""
    assert parse_period(text) == days


@pytest.mark.parametrize("text", ["", "2026-13", "2026-02-30", "26", "2026-03/2026-01", "2026-1", "today"])
def test_what_is_not_a_period(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(UsageProblem, match="CR-V011"):
        parse_period(text)


def test_replace_needs_a_period(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Replace without a period would remove everything; a period without replace would mean nothing."""
    rig = Rig.make(tmp_path_factory.mktemp("usage"))
    with pytest.raises(UsageProblem, match="CR-V012"):
        rig.push([{"sale_id": "S1", "sale_date": date(2026, 1, 5)}], Mode.REPLACE)
    with pytest.raises(UsageProblem, match="CR-V012"):
        rig.push([{"sale_id": "S1", "sale_date": date(2026, 1, 5)}], Mode.APPEND, "2026-01")


def test_an_older_restatement_that_comes_later_changes_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    """With `restated_at` the order of files does not matter: never restated is earliest, equal moments follow the push."""
    rig = Rig.make(tmp_path_factory.mktemp("order"))
    day = [datetime(2026, 2, n, 3) for n in (1, 2, 3)]  # noqa: DTZ001 - the column has no zone
    rig.push([sale(1, quantity=5, restated_at=day[1]), sale(2, quantity=5, restated_at=day[1])], Mode.UPSERT)
    late = rig.push([sale(1, quantity=1), sale(2, quantity=9, restated_at=day[0]), sale(3)], Mode.UPSERT).receipt
    assert late.counts == RowCounts(rows=3, inserted=1, unchanged=2)
    assert [(f.code, f.count, f.rows) for f in late.findings if f.code == "CR-V049"] == [("CR-V049", 2, (1, 2))]
    same = rig.push([sale(1, quantity=6, restated_at=day[1]), sale(2, quantity=7, restated_at=day[2])], Mode.UPSERT)
    assert same.receipt.counts == RowCounts(rows=2, changed=2)
    assert rig.read("SELECT sale_id, quantity FROM h.sales ORDER BY 1") == [("S1", 6), ("S2", 7), ("S3", 1)]
    whole = rig.push([sale(1, quantity=1)], Mode.REPLACE, period="2026-01").receipt
    assert (whole.counts.changed, whole.counts.removed) == (1, 2)
