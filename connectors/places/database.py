"""A database and a query -> one CSV file of the query's rows. One file a way in; ``ROWS`` lists them by scheme.

The query is the owner's own, on the owner's own database; it runs in a read-only transaction, or in one that is rolled
back, and its rows stream into a bounded temporary file. NULL arrives as an empty cell. Addresses can hold passwords and
database errors quote rows, so neither is ever repeated.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from cleanroom.errors import UsageProblem
from connectors.places import adbc, duckdb_file, postgres, sqlalchemy_url, sqlite_file
from connectors.places.place import Located, PlaceOptions, spooled
from connectors.places.query import Rows

ROWS: Mapping[str, Callable[[str, str, PlaceOptions], Rows]] = {
    "postgresql": postgres.rows,
    "postgres": postgres.rows,
    "sqlite": sqlite_file.rows,
    "duckdb": duckdb_file.rows,
}
"""Ways of our own; ``adbc+DRIVER`` goes through ADBC and every other ``dialect+driver`` through SQLAlchemy."""


def database(url: str, options: PlaceOptions) -> Iterator[Located]:
    """The query's answer as the file ``query.csv``; the query runs each time it is opened.

    Raises:
        UsageProblem: CR-D220 no query or another kind of database, CR-D225 a driver is missing; NotFound: CR-D221;
        when opened also DataRefused: CR-D227 the query fails, CR-D224 too large; Unavailable: CR-D223.
    """
    query = (options.query or "").strip().rstrip(";")
    if not query:
        raise UsageProblem("CR-D220", "a database needs a query", help='for example --query "SELECT * FROM sales"')
    rows = _way(urlsplit(url).scheme)(url, query, options)
    # The same query gives other rows tomorrow: nothing but its answer says whether it changed, so there is no etag.
    yield Located(name=_name(query), size=None, etag="", is_whole=True, open=lambda: spooled(rows(), options))


def is_database(scheme: str) -> bool:
    """Whether addresses of this scheme are databases."""
    return scheme in ROWS or "+" in scheme or scheme in sqlalchemy_url.DIALECTS


def _way(scheme: str) -> Callable[[str, str, PlaceOptions], Rows]:
    if scheme in ROWS:
        return ROWS[scheme]
    return adbc.rows if scheme.startswith(adbc.PREFIX) else sqlalchemy_url.rows


def _name(query: str) -> str:
    """``query-1a2b3c4d.csv``: two queries of one database keep their receipts apart."""
    return f"query-{hashlib.sha256(query.encode()).hexdigest()[:8]}.csv"
