"""A DuckDB session for a vault's writer: bounded memory, encrypted spill, the live lake attached as ``lake``."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from cleanroom.crypto.keys import DataKey
from cleanroom.errors import CleanroomError, IntegrityFailure, Unavailable
from cleanroom.vault.engines import ENGINES, SessionLimits
from cleanroom.vault.lake import LakePlace, attach_live

LAKE = "lake"


DEFAULT_LIMITS = SessionLimits()


@contextmanager
def writer_session(place: LakePlace, key: DataKey, limits: SessionLimits) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the live lake attached; the caller holds the writer's lock.

    Leftovers of a killed writer's spill are removed first: they are encrypted under a key that died with it.
    """
    shutil.rmtree(place.spill, ignore_errors=True)
    for folder in (place.root, place.data, place.spill):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    instance = ENGINES.take(place, limits)
    is_clean = False
    try:
        connection = instance.cursor()
        try:
            connection.execute("SET enable_progress_bar = false")
            attach_live(connection, place, key, alias=LAKE)
            yield connection
            is_clean = True
        finally:
            connection.close()  # its temporary tables and whatever transaction was open go with it
    finally:
        ENGINES.give_back(instance, is_clean=is_clean and not any(place.spill.iterdir()))
        shutil.rmtree(place.spill, ignore_errors=True)


@contextmanager
def lake_border() -> Iterator[None]:
    """The trust border to DuckDB: its texts quote cells, keys and paths, so ours are raised in their place.

    Raises:
        Unavailable: CR-V004 out of memory, CR-V005 the disk does not take the bytes.
        IntegrityFailure: CR-V006 anything else the lake could not do; nothing was committed.
    """
    try:
        yield
    except CleanroomError:
        raise
    except duckdb.OutOfMemoryException:
        raise Unavailable("CR-V004", "the vault is out of memory", help="raise its memory limit, then retry") from None
    except (duckdb.IOException, OSError):
        raise Unavailable("CR-V005", "the vault cannot read or write its files", help="check the disk") from None
    except duckdb.Error:
        raise IntegrityFailure("CR-V006", "the vault could not do this; nothing was committed") from None
