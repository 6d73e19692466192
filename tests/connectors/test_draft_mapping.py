"""Drafts from headers alone: each known layout maps, loads, and says what is missing."""

import io

import pytest

from cleanroom.contracts import shipped_contracts
from cleanroom.names import DatasetName
from connectors.draft_mapping import Draft, draft_mapping
from connectors.mapping import load_mapping
from connectors.mapping_document import parse_mapping

SHOPIFY = (
    b"Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,"
    b"Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Shipping Province,Vendor,Phone,Id,Source\n"
)
SQUARE = (
    b"Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,"
    b"Payment ID,Device Name,Event Type,Location,Customer ID\n"
)
RETAIL_LINK = (
    b"Store Nbr,Store Name,Item Nbr,UPC,Vendor Stk Nbr,Item Desc 1,Daily Date,POS Qty,POS Sales,Unit Retail,State\n"
)
MARKETPLACE = (
    b"PO#,Order#,Order Date,Ship By,Customer Name,Customer Phone Number,City,State,Zip,PO Line#,UPC,Status,"
    b"Item Description,Qty,SKU,Item Cost\n"
)
UCI = b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
WEB_FORM = (
    b"Submission ID,Date Submitted,First Name,Last Name,E-Mail Address,Phone Number,State/Province,Brand,Model Number,"
    b"Serial #,UPC,Date of Purchase,Where Purchased,Opt In\n"
)
GERMAN = b"Belegnummer;Datum;Filiale;EAN;Artikelnummer;Menge;Einzelpreis;W\xc3\xa4hrung\n"

FRENCH = "N° facture;Date de vente;Magasin;Référence;Désignation;N° de série;Quantité;Prix unitaire;Courriel\n".encode()
SPANISH = "Nº pedido;Fecha;Tienda;Código;Número de serie;Cantidad;Precio unitario;Correo electrónico;Moneda\n".encode()
ITALIAN = "Scontrino;Data vendita;Negozio;Codice articolo;Matricola;Quantità;Prezzo unitario;Importo;Valuta\n".encode()

CASES = {
    "shopify": (SHOPIFY, "sales", {"transaction_id": "Name", "sku": "Lineitem sku", "buyer_email": "Email"}, {"serial"}),
    "square": (SQUARE, "sales", {"transaction_id": "Transaction ID", "net_amount": "Net Sales"}, {"serial", "currency"}),
    "retail link": (RETAIL_LINK, "sales", {"store_id": "Store Nbr", "gtin": "UPC", "quantity": "POS Qty"}, {"currency"}),
    "marketplace": (MARKETPLACE, "sales", {"transaction_id": "Order#", "buyer_phone": "Customer Phone Number"}, {"serial"}),
    "uci": (UCI, "sales", {"transaction_id": "InvoiceNo", "sku": "StockCode"}, {"buyer_email or buyer_phone"}),
    "form": (
        WEB_FORM,
        "registrations",
        {"registration_id": "Submission ID", "serial": "Serial #", "owner_email": "E-Mail Address",
         "purchase_date": "Date of Purchase", "retailer_as_stated": "Where Purchased", "registered_date": "Date Submitted"},
        set(),
    ),
    "french": (
        FRENCH, "sales", {"store_id": "Magasin", "sku": "Référence", "serial": "N° de série", "quantity": "Quantité",
                          "sale_date": "Date de vente", "buyer_email": "Courriel"}, {"currency"},
    ),
    "spanish": (
        SPANISH, "sales", {"store_id": "Tienda", "sku": "Código", "serial": "Número de serie", "currency": "Moneda",
                           "buyer_email": "Correo electrónico"}, set(),
    ),
    "italian": (
        ITALIAN, "sales", {"transaction_id": "Scontrino", "serial": "Matricola", "net_amount": "Importo"},
        {"buyer_email or buyer_phone"},
    ),
    "german": (GERMAN, "sales", {"transaction_id": "Belegnummer", "gtin": "EAN", "quantity": "Menge"}, {"serial"}),
}  # fmt: skip


def draft(data: bytes, dataset: str) -> Draft:
    """Draft for a shipped contract."""
    name = DatasetName(dataset)
    return draft_mapping(io.BytesIO(data), name, shipped_contracts()[name])


@pytest.mark.parametrize("case", CASES)
def test_known_layouts_map_from_their_headers_alone(case: str) -> None:
    """The columns that matter are found, the draft loads, and what is missing is said."""
    data, dataset, columns, missing = CASES[case]
    drafted = draft(data, dataset)
    parsed = parse_mapping(drafted.text.encode(), place="draft")
    assert parsed.contract == dataset
    found = {name: parsed.columns[name].from_ for name in columns if name in parsed.columns}
    assert found == columns
    assert missing <= set(drafted.missing)
    assert all(f"# missing: {name}" in drafted.text for name in drafted.missing)
    assert not {"sale_date", "registered_date"} & set(drafted.missing)


@pytest.mark.parametrize("case", [name for name in CASES if name != "german"])
def test_drafts_load_as_mappings(case: str) -> None:
    """The other half of the format accepts them: columns exist in the contract, skip expressions parse."""
    data, dataset, _, _ = CASES[case]
    load_mapping(draft(data, dataset).text.encode(), contracts=shipped_contracts(), place="draft")


def test_a_known_date_format_is_written_and_an_unknown_one_is_asked() -> None:
    """Unambiguous: in the mapping. Ambiguous: a question, and no format."""
    clear = draft(UCI + b"1,A,x,1,31/01/2026 10:00,2.5,,UK\n", "sales")
    assert parse_mapping(clear.text.encode(), place="x").columns["sale_date"].date_format == "%d/%m/%Y %H:%M"
    asked = draft(UCI + b"1,A,x,1,01/02/2026 10:00,2.5,,UK\n", "sales")
    assert parse_mapping(asked.text.encode(), place="x").columns["sale_date"].date_format is None
    assert any("`%d/%m/%Y %H:%M` or `%m/%d/%Y %H:%M`" in question for question in asked.questions)


def test_reports_without_receipts_get_a_key_and_a_question() -> None:
    """One row per store, item and day."""
    drafted = draft(RETAIL_LINK.replace(b"Daily Date", b"Date"), "sales")
    parsed = parse_mapping(drafted.text.encode(), place="x")
    assert parsed.columns["sale_id"].join == ("Store Nbr", "Item Nbr", "Date")
    assert any("one row per store, item and day" in question for question in drafted.questions)


def test_a_header_cannot_write_into_the_mapping() -> None:
    """Attack: a header with line breaks, quotes or YAML stays a header."""
    hostile = b'InvoiceNo,StockCode,InvoiceDate,UnitPrice,"x\nconstants: {store_id: evil}\n#","a: [b"\n'
    drafted = draft(hostile, "sales")
    parsed = parse_mapping(drafted.text.encode(), place="x")
    assert parsed.constants == {}
    assert parsed.columns["transaction_id"].from_ == "InvoiceNo"


def test_unmapped_columns_are_named_as_staying() -> None:
    """What is not mapped does not leave the machine, and the draft says which these are."""
    assert "# not mapped, so they never leave this machine: CustomerID" in draft(UCI, "sales").text


def test_article_numbers_that_are_all_gtins_are_proposed_as_gtin() -> None:
    """The cells tell what the header does not; one cell with a wrong check digit and the header stands."""
    good = b"Belegnr;Datum;Artikel-Nr;Menge\n1;13.04.2026;4006381333931;1\n2;14.04.2026;96385074;1\n"
    assert "gtin: {from: Artikel-Nr}" in draft(good, "sales").text
    wrong = good.replace(b"96385074", b"96385075")
    assert "sku: {from: Artikel-Nr}" in draft(wrong, "sales").text


def test_thousands_marks_and_money_are_drafted() -> None:
    """Marks that were seen stand in the draft, so that the first file loads; signs and brackets hide no number."""
    text = draft(b"Beleg;Datum;Menge;Betrag\n1;13.04.2026;1;1.299,50\n2;13.04.2026;1;39,90\n", "sales").text
    assert "decimal: ',', thousands: ." in text
    text = draft(b'Order,Date,Qty,Amount\n1,2026-04-13,1,"$1,299.50"\n2,2026-04-14,-1,($39.90)\n', "sales").text
    assert "thousands: ','" in text
    assert "net_amount: {from: Amount}" in text


def test_a_file_without_a_header_shows_none_of_its_cells() -> None:
    """INVARIANT I15: the first row of people is no list of column names; the draft numbers the columns and asks."""
    drafted = draft(b"A1,2026-04-13,K1,1,39.90,jo@mail.example\nA2,2026-04-14,K2,2,10.00,bo@mail.example\n", "sales")
    assert "mail.example" not in drafted.text
    assert "header_row: 0, columns: [column_1, column_2, column_3, column_4, column_5, column_6]" in drafted.text
    assert drafted.questions[0] == "the first line looks like data: what are the columns called?"
    parsed = parse_mapping(drafted.text.encode(), place="draft")
    assert parsed.source.header_row == 0


def test_days_above_numbers_are_a_pivoted_report() -> None:
    """Its header is a header."""
    text = draft(b"Store,SKU,2026-04-05,2026-04-12\nnorth,K1,1,2\nsouth,K2,3,4\n", "sales").text
    assert "header_row: 0" not in text
    assert "store_id: {from: Store}" in text


def test_a_single_column_is_asked_about() -> None:
    """A delimiter that was not recognised, or fixed widths, which are not read."""
    drafted = draft(b"Order Date       SKU Qty\nA1    2026-04-13 K1   1\n", "sales")
    assert drafted.questions[0] == "only one column was found: which is the delimiter?"
