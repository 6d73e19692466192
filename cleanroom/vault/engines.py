"""Warm DuckDB instances for writers: opening one and loading DuckLake costs more than committing a small file.

An instance waits here without a lake, a key, a table or a file of anybody: what a writer made went with its own
cursor. One that failed or spilled is closed, never used again, so nothing of one member can reach the next (I18).
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

import duckdb

from cleanroom.vault.lake import LakePlace, load_lake_extensions

_KEPT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """What one writer may use. ``spill_bytes`` bounds the encrypted temporary files."""

    memory_bytes: int = 1_000_000_000
    threads: int = 2
    spill_bytes: int = 50_000_000_000


class Engines:
    """At most ``kept`` idle instances of this process; a forked child starts with none."""

    def __init__(self, *, kept: int = _KEPT) -> None:
        self._kept = kept
        self._lock = Lock()
        self._idle: list[duckdb.DuckDBPyConnection] = []
        # A forked child has none of an instance's threads: nothing idle is taken over a fork.
        os.register_at_fork(before=self.close, after_in_child=self._renew_lock)

    def take(self, place: LakePlace, limits: SessionLimits) -> duckdb.DuckDBPyConnection:
        """An instance with DuckLake loaded that spills into ``place`` and keeps to ``limits``.

        Raises:
            Unavailable: CR-V001 the extension wheels are not installed.
        """
        with self._lock:
            instance = self._idle.pop() if self._idle else None
        if instance is None:
            instance = _opened()
        _bound(instance, place, limits)
        return instance

    def give_back(self, instance: duckdb.DuckDBPyConnection, *, is_clean: bool) -> None:
        """Keep an instance for the next writer, or close it when it is not as it was."""
        is_kept = False
        if is_clean and _is_empty(instance):
            with self._lock:
                is_kept = len(self._idle) < self._kept
                if is_kept:
                    self._idle.append(instance)
        if not is_kept:
            instance.close()

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for instance in idle:
            instance.close()

    def _renew_lock(self) -> None:
        self._lock = Lock()


ENGINES = Engines()
"""Those of this process."""


def _opened() -> duckdb.DuckDBPyConnection:
    instance = duckdb.connect(
        config={
            "temp_file_encryption": True,  # INVARIANT I4
            "preserve_insertion_order": False,
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # What was read of one upload is not kept for the next session.
            "enable_external_file_cache": False,
        }
    )
    try:
        load_lake_extensions(instance)
    except BaseException:
        instance.close()
        raise
    return instance


def _bound(instance: duckdb.DuckDBPyConnection, place: LakePlace, limits: SessionLimits) -> None:
    spill = str(place.spill.absolute()).replace("'", "''")
    for setting in (
        f"temp_directory = '{spill}'",
        f"memory_limit = '{limits.memory_bytes}B'",
        f"max_temp_directory_size = '{limits.spill_bytes}B'",
        f"threads = {limits.threads}",
    ):
        instance.execute(f"SET {setting}")


def _is_empty(instance: duckdb.DuckDBPyConnection) -> bool:
    """Whether no lake is attached any more; file systems that were registered are taken out."""
    with suppress(duckdb.Error):
        for name in instance.list_filesystems():
            instance.unregister_filesystem(name)
        row = instance.execute("SELECT count(*) FROM duckdb_databases() WHERE NOT internal").fetchone()
        return row == (1,)  # its own empty memory
    return False
