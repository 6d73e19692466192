"""A search of everything a room has on disk for one person: each file as it lies, and opened with the vault's keys.

Opened are data files (under every key any catalogue ever named for them), live and published catalogues (all rows of all
their tables, statistics among them), sealed reports, quarantine lists, and the list of the erased.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import duckdb

from api.room import Room
from cleanroom.ingest import open_report
from cleanroom.names import MemberName
from cleanroom.vault import Vault, load_lake_extensions
from cleanroom.vault.erased import erased_tokens
from cleanroom.vault.quarantine import read_quarantine


@dataclass
class Search:
    """``keys`` are what data files may be encrypted under; ``dead_blocks`` counts catalogue blocks without live rows."""

    room: Room
    member: MemberName
    keys: dict[str, str] = field(default_factory=dict)
    dead_blocks: int = 0

    @property
    def vault(self) -> Vault:
        """The member's."""
        return self.room.vault(self.member)

    def learn_keys(self) -> None:
        """Remember the keys of all data files that are named now; a later search tries them on whatever is left."""
        for catalogue in self._catalogues():
            with self._opened(catalogue) as connection:
                for table in ("ducklake_data_file", "ducklake_delete_file"):
                    rows = connection.execute(f"SELECT path, encryption_key FROM c.{table}").fetchall()
                    self.keys.update({Path(str(path)).name: str(key) for path, key in rows})

    def places(self, token: UUID, clear: str) -> list[str]:
        """Where the person is found, each kind of place once, by name."""
        self.learn_keys()
        self.dead_blocks = 0
        found = {*self._as_they_lie(token, clear), *self._data(token), *self._in_catalogues(token)}
        vault = self.vault
        for upload in self._uploads():
            if upload.findings_blob is not None:
                report = open_report(upload.findings_blob, upload.upload_id, vault.key)
                found |= {"report"} if _holds(report.to_json(), token, clear) else set()
        for path in (vault.place.root / "quarantine").glob("*.enc"):
            with read_quarantine(vault.place, vault.key, path.stem) as file:  # type: ignore[arg-type]
                found |= {"quarantine"} if _holds(file.read(), token, clear) else set()
        found |= {"list of the erased"} if token in erased_tokens(vault.place, vault.key) else set()
        return sorted(found)

    def _as_they_lie(self, token: UUID, clear: str) -> Iterator[str]:
        for path in self._files():
            if _holds(path.read_bytes(), token, clear):
                yield f"bytes of {path.name}"

    def _data(self, token: UUID) -> Iterator[str]:
        with duckdb.connect() as connection:
            load_lake_extensions(connection)
            for path in self._files():
                if path.suffix == ".parquet":
                    # A file that nothing named a key for cannot be searched, and so must not be there.
                    key = self.keys[path.name]
                    config = f"{{footer_key_value: from_base64('{key}')}}"
                    rows = connection.execute(
                        f"SELECT * FROM read_parquet('{path}', encryption_config={config})"
                    ).fetchall()
                    if any(token in row for row in rows):
                        yield "data file"

    def _in_catalogues(self, token: UUID) -> Iterator[str]:
        for catalogue in self._catalogues():
            with self._opened(catalogue) as connection:
                names = connection.execute(
                    "SELECT table_name FROM duckdb_tables() WHERE database_name = 'c'"
                ).fetchall()
                for (name,) in names:
                    rows = connection.execute(f'SELECT * FROM c."{name}"').fetchall()
                    if _holds(repr(rows).encode(), token, ""):
                        yield f"catalogue: {name}"
                size = connection.execute("SELECT free_blocks FROM pragma_database_size() WHERE database_name = 'c'")
                self.dead_blocks += int((size.fetchone() or (0,))[0])

    def _opened(self, catalogue: Path) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        load_lake_extensions(connection)
        key = self.vault.key.duckdb_key()
        connection.execute(f"ATTACH '{catalogue}' AS c (ENCRYPTION_KEY '{key}', READ_ONLY)")
        return connection

    def _catalogues(self) -> list[Path]:
        place = self.vault.place
        return [place.catalogue, *sorted(place.published.glob("*.ducklake"))]

    def _files(self) -> list[Path]:
        """All files of the room."""
        return sorted(path for path in self.room.folder.rglob("*") if path.is_file())

    def _uploads(self):  # type: ignore[no-untyped-def]
        with self.room.state.read() as tx:
            return tx.uploads.of(self.member)


def _holds(content: bytes, token: UUID, clear: str) -> bool:
    needles = [
        token.bytes,
        token.hex.encode(),
        str(token).encode(),
        str(token).upper().encode(),
        repr(token.bytes).encode(),
    ]
    return any(needle in content for needle in [*needles, *([clear.encode()] if clear else [])])
