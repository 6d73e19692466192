"""The table of limits that readers keep while reading (INVARIANT I1): one place, plain numbers, units in the names.

A limit is checked before the memory is spent, never after. Time comes in as a clock so that tests can move it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE
GIBIBYTE = 1024 * MEBIBYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one outside file may cost; every field is inclusive."""

    max_bytes: int = 64 * GIBIBYTE
    max_rows: int = 500_000_000
    max_columns: int = 1_000
    max_cell_chars: int = 65_536
    max_record_chars: int = 4 * MEBIBYTE
    max_record_lines: int = 1_000
    max_expansion_ratio: int = 200
    max_document_bytes: int = 512 * MEBIBYTE
    """For formats that must be held whole (Excel, EDI, JSON arrays), after expansion."""
    max_seconds: float = 6 * 3600.0
    max_depth: int = 64
    """Nesting of XML and JSON."""
    max_noted_rows: int = 20
    """Row numbers kept per finding."""
    max_rejected_rows: int = 2_000_000
    """Rows kept in the quarantine of one file; a file with more is refused."""


DEFAULT_LIMITS = Limits()
BATCH_ROWS = 65_536
CHUNK_BYTES = 4 * MEBIBYTE
SAMPLE_BYTES = 256 * KIBIBYTE
"""What detection looks at."""

MAX_DOWNLOAD_BYTES = 64 * GIBIBYTE
MAX_INDEX_BYTES = 16 * MEBIBYTE
MAX_REDIRECTS = 5
HTTP_TIMEOUT_SECONDS = 60.0
MAX_LISTED_FILES = 100_000
MAX_QUERY_ROWS = 500_000_000
MAX_RECEIPT_BYTES = 4 * MEBIBYTE

Clock = Callable[[], float]
"""Seconds that only grow."""

default_clock: Clock = time.monotonic
