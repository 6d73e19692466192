"""Token columns of a dataset, counted."""

from pathlib import Path

from cleanroom.quality.identity import TokenQuality, identity_quality
from tests.cleanroom.ingest.rig import CLAIMS, SALES, Rig, sale


def test_nulls_and_repeats_are_counted(tmp_path: Path) -> None:
    """Seven buyers over twenty rows, four of them nobody; every unit once; no claims at all."""
    rig = Rig.make(tmp_path)
    rig.push([sale(n, **({"buyer_token": None} if n < 4 else {})) for n in range(20)])
    unit, buyer = identity_quality(rig.vault, SALES)
    assert unit == TokenQuality(column=unit.column, rows=20, nulls=0, distinct=20)
    assert (buyer.null_share, buyer.repeated, buyer.repeated_share) == (200, 9, 562)
    assert identity_quality(rig.vault, CLAIMS) == ()
