"""Erasure, retention, compaction and shredding, proven on the files."""

import secrets
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from cleanroom.crypto.keys import DataKey
from cleanroom.errors import IntegrityFailure, NotFound, UsageProblem
from cleanroom.names import UploadId
from cleanroom.vault import RowCounts, attach_lake, load_lake_extensions
from cleanroom.vault.compact import compact, purge
from cleanroom.vault.decide import Mode
from cleanroom.vault.erase import erase, retain
from cleanroom.vault.erased import erased_tokens
from cleanroom.vault.history import Change, changes, datasets, history, row_count
from cleanroom.vault.quarantine import read_quarantine
from tests.cleanroom.ingest.rig import NOW, SALES, Rig, sale, token


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig.make(tmp_path)


def _data_files(rig: Rig) -> int:
    return len(list(rig.vault.place.data.rglob("*.parquet")))


def test_an_erased_person_leaves_answers_and_disk(rig: Rig) -> None:
    """No row of theirs is in the newest copy, in any older copy, or in any data file that is left."""
    rig.push([sale(n) for n in range(28)])
    person = token(100_003)
    assert erase(rig.vault, [person], random=secrets.token_bytes) == {"sales": 4}
    assert rig.read(f"SELECT count(*) FROM h.sales WHERE buyer_token = '{person}'") == [(0,)]
    purge(rig.vault)
    copies = list(rig.vault.place.published.glob("*.ducklake"))
    assert len(copies) == 1
    listed = {Path(str(name)).name for (name,) in rig.read("SELECT data_file FROM ducklake_list_files('h', 'sales')")}
    assert {path.name for path in rig.vault.place.data.rglob("*.parquet")} == listed
    with pytest.raises(NotFound, match="CR-V008"):
        row_count(rig.vault, SALES.dataset, rig.vault.published().snapshot.__class__(1))
    assert row_count(rig.vault, SALES.dataset) == 24


def test_a_later_file_does_not_bring_an_erased_person_back(rig: Rig) -> None:
    """Their rows are quarantined with a reason, everybody else's arrive, and the counts reconcile; also after a purge."""
    rig.push([sale(n) for n in range(14)])
    erase(rig.vault, [token(100_003)], random=secrets.token_bytes)
    purge(rig.vault)
    receipt = rig.push([sale(n) for n in range(28)], upload="again").receipt
    assert receipt.counts == RowCounts(rows=28, inserted=12, unchanged=12, quarantined=4)
    assert [(f.code, f.count, f.rows) for f in receipt.findings] == [("CR-V048", 4, (4, 11, 18, 25))]
    held = read_quarantine(rig.vault.place, rig.vault.key, UploadId("again")).read().decode()
    assert held.splitlines() == [
        "row,reason",
        *(f"{row},rows of people who were erased stay out" for row in (4, 11, 18, 25)),
    ]
    assert rig.read(f"SELECT count(*) FROM h.sales WHERE buyer_token = '{token(100_003)}'") == [(0,)]


def test_the_list_of_the_erased_opens_with_the_member_s_key_only(rig: Rig) -> None:
    """INVARIANT I4: on disk it is unreadable, and altering it is noticed."""
    assert erased_tokens(rig.vault.place, rig.vault.key) == ()
    erase(rig.vault, [token(2), token(1), token(2)], random=secrets.token_bytes)
    assert erased_tokens(rig.vault.place, rig.vault.key) == tuple(sorted((token(1), token(2))))
    sealed = (rig.vault.place.root / "erased").read_bytes()
    assert token(1).bytes not in sealed
    with pytest.raises(IntegrityFailure, match="CR-K013"):
        erased_tokens(rig.vault.place, DataKey.generate(secrets.token_bytes))


def test_erasing_asks_for_tokens(rig: Rig) -> None:
    """Nothing to erase is a mistake, not a success."""
    with pytest.raises(UsageProblem, match="CR-V045"):
        erase(rig.vault, [], random=secrets.token_bytes)


def test_retention_removes_old_rows(rig: Rig) -> None:
    """Rows before the first kept day go, the others stay; a dataset never pushed has nothing to remove."""
    assert retain(rig.vault, SALES, first_kept=date(2026, 1, 15)) == 0
    rig.push([sale(n) for n in range(28)])
    assert retain(rig.vault, SALES, first_kept=date(2026, 1, 15)) == 14
    assert rig.read("SELECT min(sale_date), count(*) FROM h.sales") == [(date(2026, 1, 15), 14)]


def test_compaction_merges_files_and_keeps_history(rig: Rig) -> None:
    """Fewer files after the grace; every earlier snapshot still reads the same."""
    for start in (0, 20, 40):
        rig.push([sale(n) for n in range(start, start + 20)])
    before = [row_count(rig.vault, SALES.dataset, c.snapshot) for c in history(rig.vault, SALES.dataset)]
    files = _data_files(rig)
    merged = compact(rig.vault, now=datetime.now(UTC) + timedelta(days=2), grace=timedelta(days=1))
    assert merged.files_after < files
    assert [row_count(rig.vault, SALES.dataset, c.snapshot) for c in history(rig.vault, SALES.dataset)] == before
    assert before == [20, 40, 60]


def test_changes_between_snapshots(rig: Rig) -> None:
    """An update is one row out and one in; inserts count as such."""
    first = rig.push([sale(1), sale(2)], Mode.UPSERT).receipt.snapshot
    second = rig.push([sale(1, region="south"), sale(3)], Mode.UPSERT).receipt.snapshot
    assert changes(rig.vault, SALES.dataset, first, second) == Change(inserted=2, deleted=1)
    assert datasets(rig.vault) == ("sales",)


def test_without_its_key_a_vault_is_unreadable_and_others_are_not(rig: Rig, tmp_path: Path) -> None:
    """INVARIANT I4: destroying a member's key makes exactly that member's data unreadable."""
    rig.push([sale(1)])
    other = Rig.make(tmp_path / "other")
    other.push([sale(2)])
    stranger = replace(rig.vault, key=DataKey.generate(secrets.token_bytes))
    with pytest.raises(IntegrityFailure, match="CR-V002"):
        row_count(stranger, SALES.dataset)
    with pytest.raises(IntegrityFailure, match="CR-V002"):
        stranger.heal()
    assert row_count(other.vault, SALES.dataset) == 1
    assert row_count(rig.vault, SALES.dataset) == 1


def test_the_key_is_in_no_text(rig: Rig) -> None:
    """INVARIANT I5: neither repr nor the error of a failing attach carries the key."""
    rig.push([sale(1)])
    lake = rig.vault.published()
    lake.catalogue.write_bytes(b"damaged")
    with duckdb.connect() as connection:
        load_lake_extensions(connection)
        with pytest.raises(IntegrityFailure, match="CR-V002") as failure:
            attach_lake(connection, lake, alias="h")
    shown = repr(lake) + repr(rig.vault) + repr(failure.value) + repr(failure.value.__cause__)
    assert rig.vault.key.duckdb_key() not in shown
    assert NOW.isoformat() not in shown


def test_a_vault_that_was_never_made_is_not_found(tmp_path: Path, rig: Rig) -> None:
    """Reading before creating says so."""
    missing = replace(rig.vault, place=replace(rig.vault.place, root=tmp_path / "nowhere"))
    with pytest.raises(NotFound, match="CR-V007"):
        missing.published()
