"""Files that are no extract at all are named, with what to do."""

import io
import zipfile

import pytest

from cleanroom.errors import DataRefused
from connectors.formats import open_source


def archive() -> bytes:
    """A zip with a CSV file in it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        files.writestr("orders.csv", "Order,Date\nA1,2026-04-13\n")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\n", "a PDF document"),
        (archive(), "an archive"),
        (b"<html><table><tr><td>Order</td></tr></table></html>", "a web page saved as a spreadsheet"),
        (b"\xef\xbb\xbf<!DOCTYPE HTML>\n<table>", "a web page saved as a spreadsheet"),
        (b"SQLite format 3\0" + b"\0" * 84, "a database file"),
    ],
)
def test_what_is_no_extract_is_called_by_its_name(data: bytes, named: str) -> None:
    """Not 'not a workbook' or one column of nonsense."""
    with pytest.raises(DataRefused, match=f"CR-D104: the file is {named}"):
        open_source(io.BytesIO(data))
