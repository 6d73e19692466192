"""INVARIANT I4: nothing readable on disk without keys: planted values are in no file of the vault."""

import secrets
from datetime import date
from pathlib import Path

from cleanroom.vault.compact import purge
from cleanroom.vault.decide import Mode
from cleanroom.vault.erase import erase
from tests.cleanroom.ingest.rig import Rig, sale, token

CANARIES = ("CanaryRegionXq7", "CanarySaleXq7", "CanarySkuXq7", "CanaryLaterXq7")


def test_no_planted_value_is_in_any_file(tmp_path: Path) -> None:
    """Inserted, changed, quarantined, erased and spilled: neither texts nor token bytes nor keys show anywhere."""
    rig = Rig.make(tmp_path)
    rows = [sale(n, sale_id=f"CanarySaleXq7-{n}", region="CanaryRegionXq7", sku="CanarySkuXq7") for n in range(60)]
    rows[3]["channel"] = "CanaryRegionXq7"
    rig.push(rows)
    rig.push([{**rows[5], "region": "CanaryLaterXq7"}], Mode.UPSERT)
    erase(rig.vault, [token(7)], random=secrets.token_bytes)
    _nothing_in(tmp_path, rig)
    purge(rig.vault)
    _nothing_in(tmp_path, rig)
    assert rig.read("SELECT count(*) FROM h.sales") == [(58,)]


def test_paths_say_nothing_about_rows(tmp_path: Path) -> None:
    """Partition values (days, buckets) are in the encrypted catalogue, not in names of files or folders."""
    rig = Rig.make(tmp_path)
    rig.push([sale(n, sale_date=date(2019, 3, 1)) for n in range(8)])
    names = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")]
    assert not [name for name in names if "2019" in name.split("ducklake-")[0] or "_bucket" in name or "=" in name]


def _nothing_in(folder: Path, rig: Rig) -> None:
    needles = [canary.encode() for canary in CANARIES]
    needles += [token(n).bytes for n in range(60)] + [str(token(n)).encode() for n in range(60)]
    needles += [rig.vault.key.duckdb_key().encode()]
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    found = [path.name for path in files for needle in needles if needle in path.read_bytes()]
    assert found == []
