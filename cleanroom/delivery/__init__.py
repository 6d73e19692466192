"""Released answers as files: one format per file, listed in ``FORMATS``; only ``ReleasedTable`` comes in.

A withheld number is an empty field in CSV, NULL in Parquet and Arrow (with the reason in the file's metadata), the word
and its reason in XLSX, and ``{"withheld": reason}`` in JSON. No format holds anything the table does not.
"""

from cleanroom.delivery.about import About
from cleanroom.delivery.formats import FORMATS, Format, deliver, format_named

__all__ = ["FORMATS", "About", "Format", "deliver", "format_named"]
