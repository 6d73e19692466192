"""A member's lake as files, and as what a reader may attach.

Comes in: the member's folder, its data key. Goes out: a DuckDB session with the lake attached.
It must never put a key or a path with a value into an error: DuckDB quotes whole statements in its texts.

Readers never open the live catalogue: they attach an immutable published copy of it (``PublishedLake``), so that a
writer can never make a reader wait, fail or see half a commit, in this process or in any other.
"""

from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import duckdb

from cleanroom.crypto.keys import DataKey
from cleanroom.errors import IntegrityFailure, Unavailable
from cleanroom.names import MemberName, SnapshotId, is_name

# httpfs first: DuckDB writes encrypted files with its OpenSSL only.
_EXTENSIONS = ("httpfs", "ducklake")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedLake:
    """An immutable copy of one member's catalogue with the data it points to; safe to attach from any process.

    ``catalogue`` is named ``<snapshot>.ducklake``. The key is no part of repr, comparison or hash (I5).
    """

    member: MemberName
    catalogue: Path
    data: Path
    key: DataKey = field(repr=False, compare=False)

    @property
    def snapshot(self) -> SnapshotId:
        """The newest snapshot that this copy can show."""
        return SnapshotId(int(self.catalogue.stem))


@dataclass(frozen=True, slots=True, kw_only=True)
class LakePlace:
    """Where a member's lake lies: ``root`` holds the live catalogue, data, published copies and the writer's lock."""

    member: MemberName
    root: Path

    def __post_init__(self) -> None:
        if not is_name(self.member):
            raise AssertionError("a member's name is checked before it becomes a folder")

    @property
    def catalogue(self) -> Path:
        """The live catalogue; opened by the writer that holds the lock and by nobody else."""
        return self.root / "catalogue.ducklake"

    @property
    def data(self) -> Path:
        """Encrypted Parquet files."""
        return self.root / "data"

    @property
    def published(self) -> Path:
        """Immutable catalogue copies, ``<snapshot>.ducklake``."""
        return self.root / "published"

    @property
    def spill(self) -> Path:
        """Where a writer's session spills, encrypted under a key that dies with it."""
        return self.root / "spill"

    @property
    def lock(self) -> Path:
        """The writer's lock file."""
        return self.root / "writer.lock"


def load_lake_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Load DuckLake into ``connection`` from the installed wheels: signed binaries, no network, nothing in $HOME.

    Raises:
        Unavailable: CR-V001 the extension wheels are not installed.
    """
    for name in _EXTENSIONS:
        spec = find_spec(f"duckdb_extension_{name}")
        folder = Path(spec.origin).parent if spec and spec.origin else None
        binary = folder / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension" if folder else None
        if binary is None or not binary.is_file():
            raise Unavailable(
                "CR-V001", f"the DuckDB extension `{name}` is not installed", help="install cleanroom[server]"
            )
        connection.execute(f"LOAD '{quoted_path(binary)}'")


def attach_lake(connection: duckdb.DuckDBPyConnection, lake: PublishedLake, *, alias: str) -> None:
    """Attach ``lake`` read-only as ``alias``; read tables with ``AT (VERSION => n)``.

    Raises:
        IntegrityFailure: CR-V002 the copy is missing, damaged, or made under another key.
    """
    _attach(connection, lake.catalogue, lake.data, lake.key, alias=alias, mode="READ_ONLY")


def attach_live(connection: duckdb.DuckDBPyConnection, place: LakePlace, key: DataKey, *, alias: str) -> None:
    """Attach the live catalogue for writing (created if missing); only under the writer's lock.

    Raises:
        IntegrityFailure: CR-V002 as above.
    """
    # Inlined rows would live in every published copy, where compaction cannot erase them. Small blocks keep a copy
    # of the catalogue small: one is published per commit.
    _attach(
        connection,
        place.catalogue,
        place.data,
        key,
        alias=alias,
        mode="DATA_INLINING_ROW_LIMIT 0, META_BLOCK_SIZE 16384",
    )


def _attach(
    connection: duckdb.DuckDBPyConnection, catalogue: Path, data: Path, key: DataKey, *, alias: str, mode: str
) -> None:
    if not is_name(alias):
        raise AssertionError("an alias is made by us")
    statement = (
        f"ATTACH 'ducklake:{quoted_path(catalogue)}' AS {alias} (DATA_PATH '{quoted_path(data)}/', OVERRIDE_DATA_PATH true, "
        f"ENCRYPTED true, META_ENCRYPTION_KEY '{key.duckdb_key()}', META_ENCRYPTION_CIPHER 'GCM', {mode})"
    )
    try:
        connection.execute(statement)
    except duckdb.Error:
        # INVARIANT I5: the text of this error holds the statement, and so the key.
        raise IntegrityFailure(
            "CR-V002",
            "a member's catalogue does not open: missing, damaged, or made under another key",
            help="restore the room from a backup together with its keyring",
            place=catalogue.name,
        ) from None


def quoted_path(path: Path) -> str:
    """``path`` inside single quotes."""
    return str(path.absolute()).replace("'", "''")
