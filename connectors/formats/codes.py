"""What readers can say about rows and files: the closed table of findings (errors are raised where they happen).

Three groups: a row that is rejected goes to the quarantine, a row that is skipped holds no record, a note changes no
count. Each code is explained in ``docs/errors/CR-D.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """Severity and words of a code; no placeholders, so no value can be put in."""

    severity: str
    message: str
    help: str = ""


def _error(message: str, help_text: str = "") -> Meaning:
    return Meaning(severity="error", message=message, help=help_text)


def _warning(message: str, help_text: str = "") -> Meaning:
    return Meaning(severity="warning", message=message, help=help_text)


def _note(message: str, help_text: str = "") -> Meaning:
    return Meaning(severity="note", message=message, help=help_text)


REJECTIONS: Mapping[str, Meaning] = {
    "CR-D110": _error("the row has fewer cells than the header", "look for a missing delimiter or a line break"),
    "CR-D111": _error("the row has more cells than the header", "look for an unquoted delimiter or a shifted row"),
    "CR-D112": _error("a quote is opened and never closed", "close the quote, or set `quote` to none in the mapping"),
    "CR-D113": _error("text follows a closing quote", "double quotes inside quoted cells, or set `escape`"),
    "CR-D114": _error("the row contains NUL bytes", "the file was damaged on its way: send it again"),
    "CR-D115": _error("the row has bytes that are not text in this encoding", "set `encoding` in the mapping"),
    "CR-D116": _error("a cell is longer than the limit", "shorten it at the source"),
    "CR-D117": _error("the last row breaks off", "the file was truncated: send it again"),
    "CR-D140": _error("the line is not JSON", "one JSON object per line"),
    "CR-D141": _error("the JSON value is not an object", "one JSON object per row"),
    "CR-D142": _error("the JSON object names a key twice", "name each key once"),
    "CR-D143": _error("the JSON value is nested too deeply", "flatten it at the source"),
    "CR-D170": _error("the line has no quantity", "852: ZA02 or SDQ; 867: QTY02"),
    "CR-D171": _error("the line names no product", "give a GTIN, UPC or article number"),
    "CR-D172": _error("a number in the line cannot be read", "digits and a decimal point"),
    "CR-D173": _error("a date in the line cannot be read", "CCYYMMDD"),
    "CR-D174": _error("the line's activity code is not known", "852: data element 859; 867: 521; SLSRPT: 6063"),
    "CR-D175": _error("the store pairs of the line are incomplete", "each store in SDQ needs a quantity"),
    "CR-D176": _error("the line has no date and its report has none", "give the period of the report (DTM or XQ)"),
    "CR-D190": _error("the line item has no item", "give ItemID or POSIdentity"),
    "CR-D191": _error("the line item's quantity or amount cannot be read", "digits and a decimal point"),
    "CR-D192": _error("the transaction has no business day and no time", "give BusinessDayDate"),
    "CR-D193": _error("the transaction is not identified", "give RetailStoreID, WorkstationID and SequenceNumber"),
    "CR-D200": _error("the event has no time", "give eventTime"),
    "CR-D201": _error("the event names no unit and no quantity", "give epcList or quantityList"),
    "CR-D202": _error("the identifier is not an SGTIN, LGTIN or GS1 Digital Link", "use one of the GS1 forms"),
}

SKIPS: Mapping[str, Meaning] = {
    "CR-D120": _note("blank rows were left out"),
    "CR-D121": _warning("the header is repeated inside the file; these rows were left out"),
    "CR-D122": _warning("totals and footer lines were left out"),
    "CR-D123": _note("lines before the header were left out"),
    "CR-D177": _note("inventory, order and other activities that are no sale were left out"),
    "CR-D178": _note("lines with quantity zero were left out"),
    "CR-D194": _note("transactions that sell nothing (sign-on, tender control, no sale) were left out"),
    "CR-D195": _warning("voided or cancelled transactions and line items were left out"),
    "CR-D196": _note("line items that are no sale or return (tender, tax, loyalty) were left out"),
    "CR-D197": _warning("suspended, training and post-voided transactions were left out"),
    "CR-D203": _note("events that are no retail sale were left out"),
}

NOTES: Mapping[str, Meaning] = {
    "CR-D124": _warning("header names are empty or named twice; they were numbered", "map them by their new names"),
    "CR-D125": _warning("the encoding was guessed", "set `encoding` in the mapping"),
    "CR-D126": _warning("the last line has no line end", "check that the file is complete"),
    "CR-D127": _note("empty cells after the last column were dropped"),
    "CR-D128": _note("the delimiter was guessed", "set `delimiter` in the mapping"),
    "CR-D129": _warning("the file has a header and no rows", "check that the export ran"),
    "CR-D130": _warning("numbers in a column of ids: leading zeros may be lost", "format the column as text"),
    "CR-D131": _error("formulas were never calculated; these cells are read as empty", "open, recalculate and save"),
    "CR-D132": _warning("cells hold an error such as a failed lookup; they are read as empty", "mend the workbook"),
    "CR-D133": _warning("the workbook has several sheets; the first was read", "set `sheet` in the mapping"),
    "CR-D134": _warning("long numbers in a column of ids have lost digits", "format the column as text"),
    "CR-D135": _note("the header was found below other lines", "set `header_row` in the mapping"),
    "CR-D136": _warning("rows or columns are hidden in the workbook; they were read"),
    "CR-D137": _warning("quoted cells span several lines"),
    "CR-D144": _note("lists and objects inside a row are kept as JSON text"),
    "CR-D160": _warning("the number of segments is not what SE says", "the set may be truncated or edited"),
    "CR-D161": _warning("the number of transaction sets is not what GE says", "the group may be truncated"),
    "CR-D162": _warning("the number of groups is not what IEA says", "the interchange may be truncated"),
    "CR-D163": _warning("the number of lines or the hash total is not what CTT says", "lines may be missing"),
    "CR-D164": _warning("control numbers at start and end differ", "two files may have been mixed"),
    "CR-D165": _error("an envelope is not closed", "the file is truncated: send it again"),
    "CR-D166": _warning("a transaction set of another kind was left out", "only 852 and 867 are sales"),
    "CR-D167": _warning("segments before the interchange or after its end were left out"),
    "CR-D168": _warning("the number of segments is not what UNT says", "the message may be truncated or edited"),
    "CR-D169": _warning("the number of messages is not what UNZ says", "the interchange may be truncated"),
    "CR-D179": _warning("lines cover several days", "`sale_date` is the last one; `period_start` is the first"),
    "CR-D180": _note("the file states no amount; it is price times quantity"),
    "CR-D181": _warning("a total is not the sum of its stores", "stores may be missing from the report"),
    "CR-D182": _warning("the file names a currency nowhere", "set `currency` as a constant in the mapping"),
    "CR-D198": _warning("sales after midnight belong to the business day before", "sale_date is the business day"),
    "CR-D199": _warning("returns do not name the sale they belong to"),
    "CR-D205": _warning("a void names a sale that is not in this file", "send the corrected day as a restatement"),
    "CR-D206": _warning("transactions without business day; the date of their time was used", "give BusinessDayDate"),
    "CR-D204": _warning("a sale event was corrected or declared an error; the later word counts"),
}
