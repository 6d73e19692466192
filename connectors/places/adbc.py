"""``adbc+DRIVER://...`` -> the rows of a query, through the ADBC driver of that name (extra ``adbc``).

``adbc+postgresql://host/db`` and ``adbc+sqlite:////folder/file.db`` come with the extra; any other installed package
``adbc_driver_DRIVER`` (snowflake, flightsql, bigquery ...) works alike, its options given as settings.
"""

import importlib
import re
from collections.abc import Iterator
from contextlib import closing, suppress
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from cleanroom.errors import CleanroomError, UsageProblem
from connectors.places.place import PlaceOptions, missing_extra, unreachable
from connectors.places.query import FETCH_ROWS, Rows, csv_pieces, query_failed
from connectors.places.stored_file import file_of

PREFIX = "adbc+"
_DRIVER = re.compile(r"[a-z][a-z0-9_]{0,30}")
_READ_ONLY = {"postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"}


def rows(url: str, query: str, options: PlaceOptions) -> Rows:
    """Its rows.

    Raises:
        UsageProblem: CR-D220 not a driver's name, CR-D225 its package is missing. NotFound: CR-D221 no such file.
    """
    driver = urlsplit(url).scheme.removeprefix(PREFIX)
    # Attack: an address names a module to import; only ADBC's own name pattern is tried.
    if not _DRIVER.fullmatch(driver):
        raise UsageProblem(
            "CR-D220", "an ADBC address is adbc+DRIVER://...", help="for example adbc+postgresql://host/db"
        )
    try:
        module = importlib.import_module(f"adbc_driver_{driver}.dbapi")
    except ImportError:
        raise missing_extra("this ADBC address", f"adbc-driver-{driver}") from None
    address = f"{file_of(url).as_uri()}?mode=ro" if driver == "sqlite" else url.removeprefix(PREFIX)
    return lambda: _fetched(module, driver, address, query, options)


def _fetched(module: ModuleType, driver: str, address: str, query: str, options: PlaceOptions) -> Iterator[bytes]:
    connection = _connected(module, address, options)
    try:
        # Nothing is ever committed, so a query that writes is undone even where the driver knows no read-only mode.
        with closing(connection), closing(connection.cursor()) as cursor:
            with suppress(module.NotSupportedError):
                connection.adbc_connection.set_options(**{"adbc.connection.readonly": "true"})
            if driver in _READ_ONLY:
                cursor.execute(_READ_ONLY[driver])
                connection.commit()
            cursor.execute(query)
            reader = cursor.fetch_record_batch()
            yield from csv_pieces(reader.schema.names, _batches(reader))
    except CleanroomError:
        raise
    except module.OperationalError:
        # A file does not break off: SQLite says so of a write it may not do.
        raise (query_failed() if driver == "sqlite" else unreachable("the database broke off: it")) from None
    except Exception:  # noqa: BLE001 - the driver's and Arrow's own errors; their texts may quote rows
        raise query_failed() from None


def _connected(module: ModuleType, address: str, options: PlaceOptions) -> Any:
    # SQLite's driver takes an address only; others take named options beside it.
    settings = {"db_kwargs": dict(options.config)} if options.config else {}
    try:
        return module.connect(address, **settings)
    except Exception:  # noqa: BLE001 - any foreign error; its text may quote the address
        raise unreachable("the database") from None


def _batches(reader: Any) -> Iterator[list[tuple[object, ...]]]:
    for batch in reader:
        for start in range(0, batch.num_rows, FETCH_ROWS):
            columns = [column.to_pylist() for column in batch.slice(start, FETCH_ROWS).columns]
            yield list(zip(*columns, strict=True))
