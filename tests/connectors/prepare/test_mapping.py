"""Mappings: everything wrong is said at once, with the nearest right name; the published schema is the code's."""

import json
from importlib import resources

import pytest

from cleanroom.contracts import shipped_contracts
from cleanroom.errors import DataRefused
from cleanroom.names import ColumnName
from connectors.mapping import load_mapping
from connectors.mapping_document import MappingDocument

CONTRACTS = shipped_contracts()
FULL = b"""
contract: sales
source: {format: csv, encoding: cp1252, delimiter: ";", decimal: ",", sheet: Orders, header_row: 1}
columns:
  transaction_id: {from: InvoiceNo}
  sale_date:      {from: InvoiceDate, date_format: "%d/%m/%Y %H:%M"}
  buyer_email:    {from: Email}
  buyer_phone:    {from: Tel, region: GB}
  sku:            StockCode
  care_plan:      {from: Plan, values: {J: true, No: false, 007: true}}
constants: {currency: GBP, store_id: web, line_no: 1}
skip: ["StockCode in (POST, DOT)"]
"""


def test_the_documented_mapping_loads() -> None:
    """Short and long forms, constants of any scalar kind, decimal inherited from the source."""
    mapping = load_mapping(FULL, CONTRACTS)
    by_name = {rule.target.name: rule for rule in mapping.columns}
    assert mapping.used == ("InvoiceNo", "InvoiceDate", "Email", "Tel", "StockCode", "Plan")
    assert dict(mapping.constants) == {"currency": "GBP", "store_id": "web", "line_no": "1"}
    assert by_name[ColumnName("care_plan")].values == {"J": "true", "No": "false", "007": "true"}
    assert {rule.decimal for rule in mapping.columns} == {","}
    assert by_name[ColumnName("buyer_phone")].region == "GB"
    assert by_name[ColumnName("buyer_email")].profile == "email.uid2@1"


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"[1]", "CR-D501", "not a mapping"),
        (b"a: [", "CR-D501", "not a mapping"),
        (b"\xff\xfe\x00", "CR-D501", "not a mapping"),
        (b"contract: sales\ncolumns: {sku: {frm: x}}\nskp: []", "CR-D502", "did you mean `from`.*did you mean `skip`"),
        (b"contract: sales\nsource: {delimeter: x}\ncolumns: {}", "CR-D502", "did you mean `delimiter`"),
        (b"contract: sales", "CR-D502", "`columns` is missing"),
        (b"contract: sales\ncolumns: {sku: {from: [a]}}", "CR-D502", "columns.sku.from"),
        (b"contract: sales\ncolumns: {}\nconstants: {currency: [a]}", "CR-D502", "constants.currency"),
        (b"contract: sale\ncolumns: {}", "CR-D503", "no contract `sale`"),
        (b"contract: sales\ncolumns: {sale_dat: x}", "CR-D504", "did you mean `sale_date`"),
        (b"contract: sales\ncolumns: {buyer_token: x}", "CR-D504", "map buyer_email or buyer_phone"),
        (b"contract: sales\ncolumns: {sku: {}}", "CR-D504", "exactly one of `from` and `join`"),
        (b"contract: sales\ncolumns: {sku: {from: a, template: 'x'}}", "CR-D504", "exactly one `{}`"),
        (b"contract: sales\ncolumns: {sku: {from: a, date_format: '%Y'}}", "CR-D504", "not a date"),
        (b"contract: sales\ncolumns: {gtin: {from: a, profile: gtin@9}}", "CR-D504", "no such normaliser"),
        (b"contract: sales\ncolumns: {}\nconstants: {buyer_email: a@b.c}", "CR-D504", "one person"),
        (b"contract: sales\ncolumns: {sku: a}\nconstants: {sku: b}", "CR-D504", "both mapped and constant"),
        (b"contract: sales\ncolumns: {sku: a}\nskip: ['a ~ 3']", "CR-D505", "does not parse"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_said(content: bytes, code: str, said: str) -> None:
    """Each kind of mistake has its code and a way out."""
    with pytest.raises(DataRefused, match=rf"{code}: .*{said}"):
        load_mapping(content, CONTRACTS)


def test_the_published_schema_is_the_border() -> None:
    """connectors/schema/mapping.v1.json is what the code accepts; regenerate it when the border changes."""
    text = resources.files("connectors").joinpath("schema/mapping.v1.json").read_text(encoding="utf-8")
    made = MappingDocument.model_json_schema(by_alias=True)
    published = json.loads(text)
    assert {key: published[key] for key in ("$defs", "properties", "required")} == {
        key: made[key] for key in ("$defs", "properties", "required")
    }
