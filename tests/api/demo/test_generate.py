"""The demo's truth is repeatable and holds what the demo claims about it."""

from pathlib import Path

import polars as pl
import pytest
import yaml

from api.demo import world
from api.demo.files import COLUMNS, holdings, write_files
from api.demo.generate import generate
from cleanroom.contracts import shipped_contracts


def test_the_same_seed_gives_the_same_world() -> None:
    """Two runs with one seed agree row for row; another seed does not."""
    one, two, other = (generate(seed=seed, scale=0.05) for seed in (1, 1, 2))
    assert all(one[name].equals(two[name]) for name in one)
    assert not one["sales"].equals(other["sales"])


def test_exported_columns_are_contract_columns() -> None:
    """Every column a member exports exists in the contract it is mapped to."""
    contracts = shipped_contracts()
    unknown = {name: set(columns) - set(contracts[name].by_name) for name, columns in COLUMNS.items()}
    assert unknown == {name: set() for name in COLUMNS}


def test_every_row_belongs_to_exactly_one_retailer() -> None:
    """The retailers' sales together are the world's sales."""
    clear = generate(seed=3, scale=0.05)
    held = sum(holdings(clear, retailer.name)["sales"].height for retailer in world.RETAILERS)
    assert held == clear["sales"].height


def test_claims_lie_between_their_sale_and_the_data_date() -> None:
    """No claim is earlier than its sale or later than the data date."""
    claims = generate(seed=4, scale=0.2)["claims"]
    age = (pl.col("claim_date") - pl.col("sale_date")).dt.total_days()
    assert claims.filter((age < 0) | (pl.col("claim_date") > world.DATA_DATE)).height == 0


def test_after_the_warranty_most_claims_are_denied_and_only_goodwill_costs_the_maker() -> None:
    """The shares of what becomes of them are the world's, within three standard errors."""
    claims = generate(seed=4, scale=1.0)["claims"]
    late = claims.filter((pl.col("claim_date") - pl.col("sale_date")).dt.total_days() > world.WARRANTY_MONTHS * 31)
    assert late.height > 500
    for outcome, share in world.AFTER_EXPIRY.items():
        found = late.filter(pl.col("outcome") == outcome).height / late.height
        assert abs(found - share) < 3 * (share * (1 - share) / late.height) ** 0.5
    assert late.filter((pl.col("outcome") != "goodwill") & (pl.col("total_cost") > 0)).height == 0


def test_the_bad_lot_fails_more() -> None:
    """Units of the bad lot claim at least four times as often as their model's others."""
    clear = generate(seed=5, scale=1.0)
    model = clear["sales"].filter(pl.col("model") == world.BAD_LOT.model)
    lot = pl.col("produced").dt.truncate("1mo") == world.BAD_LOT.produced
    claimed = pl.col("serial").is_in(clear["claims"]["serial"].implode())
    bad, good = model.filter(lot).select(claimed.mean()).item(), model.filter(lot.not_()).select(claimed.mean()).item()
    assert bad > 4 * good


@pytest.mark.parametrize("member", [world.MAKER, *(r.name for r in world.RETAILERS)])
def test_every_file_comes_with_a_mapping_of_its_contract(tmp_path: Path, member: str) -> None:
    """Each member's files lie beside mappings that name the right contract and existing outside columns."""
    files = [file for file in write_files(generate(seed=6, scale=0.02), tmp_path, seed=6) if file.member == member]
    named = {file.dataset: yaml.safe_load(file.mapping.read_text())["contract"] for file in files}
    assert named == {dataset: dataset for dataset in named}
    assert all(file.path.stat().st_size > 0 for file in files)
