"""The ten record types load from their ODCS documents and say what the room needs to know."""

from importlib import resources
from pathlib import Path

import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from cleanroom.contracts import Role, load_contract, load_contracts, shipped_contracts
from cleanroom.errors import DataRefused

_SALES_COLUMNS = [
    "sale_id",
    "store_id",
    "region",
    "channel",
    "sale_date",
    "sold_at",
    "transaction_id",
    "line_no",
    "gtin",
    "sku",
    "model",
    "brand",
    "unit_token",
    "quantity",
    "unit_price",
    "net_amount",
    "currency",
    "promo_id",
    "care_plan",
    "buyer_token",
    "restated_at",
]


def _document(name: str) -> dict[str, object]:
    folder = resources.files("cleanroom.contracts") / "odcs"
    return yaml.safe_load((folder / f"{name}.odcs.yaml").read_bytes())  # type: ignore[no-any-return]


def _loaded(document: dict[str, object]) -> object:
    return load_contract(yaml.safe_dump(document).encode(), place="test")


def test_the_ten_record_types_ship() -> None:
    """Every record type of the design has a contract."""
    assert sorted(shipped_contracts()) == [
        "care_plans", "claims", "parts_orders", "products", "registrations",
        "repairs", "returns", "sales", "service_tickets", "surveys",
    ]  # fmt: skip


def test_sales_stores_tokens_and_never_identifiers() -> None:
    """The stored columns of sales are the public names, with tokens where identifiers were."""
    sales = shipped_contracts()["sales"]  # type: ignore[index]
    assert [column.name for column in sales.stored] == _SALES_COLUMNS
    assert {column.name for column in sales.columns if column.role is Role.IDENTIFIER} == {
        "serial",
        "buyer_email",
        "buyer_phone",
    }


def test_a_person_has_one_token_from_e_mail_or_phone() -> None:
    """The person token is made from the first identifier present, in the contract's order."""
    for dataset, token in (("sales", "buyer_token"), ("registrations", "owner_token"), ("claims", "owner_token")):
        column = shipped_contracts()[dataset].by_name[token]  # type: ignore[index]
        person = token.removesuffix("_token")
        assert column.derived_from == (f"{person}_email", f"{person}_phone")


@pytest.mark.parametrize("name", sorted(shipped_contracts()))
def test_every_document_is_read_by_the_standards_own_models(name: str) -> None:
    """ODCS models accept the document and keep our custom properties."""
    parsed = OpenDataContractStandard.model_validate(_document(name))
    assert parsed.schema_ is not None
    assert {item.property for item in parsed.schema_[0].customProperties or ()} >= {"naturalKey", "time"}


def test_a_room_extends_the_shipped_contracts(tmp_path: Path) -> None:
    """A document in a room's folder adds a record type beside the shipped ones."""
    document = _document("products")
    document["schema"][0]["name"] = "spare_parts"  # type: ignore[index]
    (tmp_path / "spare_parts.yaml").write_text(yaml.safe_dump(document))
    assert set(load_contracts(tmp_path)) == {*shipped_contracts(), "spare_parts"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"apiVersion": "v2.2.0"}, "CR-C002"),
        ({"kind": "Other"}, "CR-C002"),
        ({"schema": []}, "CR-C003"),
        ({"schema": 7}, "CR-C001"),
    ],
)
def test_a_wrong_document_is_refused_with_a_code(change: dict[str, object], code: str) -> None:
    """What is not a contract is refused, naming what is wrong."""
    with pytest.raises(DataRefused, match=code):
        _loaded({**_document("sales"), **change})


def test_a_key_that_is_not_stored_is_refused() -> None:
    """A natural key over a clear identifier would keep it: refused."""
    document = _document("sales")
    document["schema"][0]["customProperties"][0]["value"] = ["serial"]  # type: ignore[index]
    with pytest.raises(DataRefused, match=r"CR-C003.*serial"):
        _loaded(document)


def test_text_that_is_not_yaml_is_refused_without_echo() -> None:
    """The error names the place and not the text."""
    with pytest.raises(DataRefused, match="CR-C001") as caught:
        load_contract(b"{canary: [", place="mine.yaml")
    assert (caught.value.place, "canary" in str(caught.value)) == ("mine.yaml", False)
