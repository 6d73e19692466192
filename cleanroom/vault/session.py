"""A DuckDB session for a vault's writer: bounded memory, encrypted spill, the live lake attached as ``lake``."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from cleanroom.crypto.keys import DataKey
from cleanroom.errors import CleanroomError, IntegrityFailure, Unavailable
from cleanroom.vault.lake import LakePlace, attach_live, load_lake_extensions

LAKE = "lake"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """What one writer may use. ``spill_bytes`` bounds the encrypted temporary files."""

    memory_bytes: int = 1_000_000_000
    threads: int = 2
    spill_bytes: int = 50_000_000_000


DEFAULT_LIMITS = SessionLimits()


@contextmanager
def writer_session(place: LakePlace, key: DataKey, limits: SessionLimits) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the live lake attached; the caller holds the writer's lock.

    Leftovers of a killed writer's spill are removed first: they are encrypted under a key that died with it.
    """
    shutil.rmtree(place.spill, ignore_errors=True)
    for folder in (place.root, place.data, place.spill):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    connection = duckdb.connect(
        config={
            "memory_limit": f"{limits.memory_bytes}B",
            "threads": limits.threads,
            "temp_directory": str(place.spill.absolute()),
            "max_temp_directory_size": f"{limits.spill_bytes}B",
            "temp_file_encryption": True,  # INVARIANT I4
            "preserve_insertion_order": False,
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    connection.execute("SET enable_progress_bar = false")
    try:
        load_lake_extensions(connection)
        attach_live(connection, place, key, alias=LAKE)
        yield connection
    finally:
        connection.close()
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
