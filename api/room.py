"""The room on disk, opened: its state, its keys, its vaults. The wiring that everything else is handed.

Layout of the folder: ``room.json`` (name, format, sealed signing seed), ``state.db``, ``vaults/<member>/``,
``incoming/`` (uploads, encrypted while written), ``spill/``. The key-encryption key is **not** in it: by default it
lies beside, in ``<folder>.key``, so that a copied folder or a backup says nothing (INVARIANT I4).
"""

import base64
import binascii
import fcntl
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Self

from api.surroundings import Surroundings
from cleanroom.contracts import Contract, load_contract, shipped_contracts
from cleanroom.crypto import (
    BlobKey,
    DataKey,
    KeyEncryptionKey,
    SigningKey,
    VerifyKey,
    open_blob,
    seal_blob,
)
from cleanroom.errors import Conflict, DataRefused, IntegrityFailure, NotFound
from cleanroom.names import DatasetName, Digest, MemberName, is_name
from cleanroom.state import ROOM, MemberStatus, State
from cleanroom.vault import LakePlace, Vault

FORMAT_VERSION = 1
DEFAULT_FLOOR = 10
_SEED = b"cleanroom/room-signing/v1"
_KEY_FILE_VARIABLE = "CLEANROOM_ROOM_KEY_FILE"
_STATE_VARIABLE = "CLEANROOM_STATE_URL"


@dataclass(slots=True)
class Health:
    """What kept the room's workers from working when they last tried, as errors' codes; None where nothing did.

    ``queue`` is about taking jobs at all, ``ingest`` about storing files.
    """

    queue: str | None = None
    ingest: str | None = None

    @property
    def trouble(self) -> str | None:
        """The code of either."""
        return self.queue or self.ingest


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """An open room. Safe to share between threads; ``signing`` signs receipts and checkpoints; ``bell`` rings for work."""

    folder: Path
    name: str
    floor: int
    state: State
    surroundings: Surroundings
    signing: SigningKey = field(repr=False)
    _kek: KeyEncryptionKey = field(repr=False)
    _lock: int = field(repr=False)
    bell: Event = field(default_factory=Event, repr=False)
    health: Health = field(default_factory=Health, repr=False)

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        name: str,
        key_file: Path | None = None,
        floor: int = DEFAULT_FLOOR,
        surroundings: Surroundings | None = None,
    ) -> Self:
        """Make an empty room in a folder that does not exist yet or is empty, and its key file.

        Raises:
            Conflict: CR-A030 there is a room, or something else, in the folder; CR-K004 the key file exists.
            DataRefused: CR-A031 not a name, CR-A032 a floor under 10.
        """
        around = surroundings or Surroundings()
        if not is_name(name):
            raise DataRefused("CR-A031", "a room's name is lower-case letters, digits, _ and -, at most 63")
        if floor < DEFAULT_FLOOR:
            raise DataRefused("CR-A032", f"the floor of minimum units is at least {DEFAULT_FLOOR}")
        if folder.exists() and any(folder.iterdir()):
            raise Conflict("CR-A030", "the folder is not empty", help="give a new folder", place=folder.name)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        kek = KeyEncryptionKey.generate(around.random)
        kek.save(_key_file(folder, key_file))
        seed = around.random(32)
        sealed = seal_blob(kek.blob_key("signing"), seed, associated=_SEED, random=around.random)
        for part in ("vaults", "incoming", "spill"):
            (folder / part).mkdir(mode=0o700, exist_ok=True)
        state = State.open(_state_url(folder))
        signing = SigningKey.generate(lambda _: seed)
        with state.change(ROOM, around.now()) as tx:
            tx.room.create(
                name=name, format_version=FORMAT_VERSION, floor=floor, verify_key=signing.verify_key.to_text()
            )
        state.close()
        # Last: a folder without this file is no room, so a crash before here leaves nothing that opens.
        _write_description(folder, name=name, sealed=sealed)
        return cls.open(folder, key_file=key_file, surroundings=around)

    @classmethod
    def open(cls, folder: Path, *, key_file: Path | None = None, surroundings: Surroundings | None = None) -> Self:
        """Open a room with its key; whoever opens it while nobody else has it open heals what a crash left.

        Raises:
            NotFound: CR-A033 no room there; CR-K001 no key file.
            DataRefused: CR-K002, CR-K003 the key file; CR-A034 the room's description is damaged.
            IntegrityFailure: CR-A035 the key is another room's.
        """
        from api.recovery import recover

        around = surroundings or Surroundings()
        sealed = _read_description(folder)
        kek = KeyEncryptionKey.load(_key_file(folder, key_file))
        try:
            seed = open_blob(kek.blob_key("signing"), sealed, associated=_SEED)
        except IntegrityFailure:
            raise IntegrityFailure(
                "CR-A035",
                "the key file is not this room's",
                help="restore the key file that was made with the room; without it nothing in the room can be read",
            ) from None
        state = State.open(_state_url(folder))
        with state.read() as tx:
            described = tx.room.get()
        lock, is_alone = _take_lock(folder)
        room = cls(
            folder=folder,
            name=described.name,
            floor=described.floor,
            state=state,
            surroundings=around,
            signing=SigningKey.generate(lambda _: seed),
            _kek=kek,
            _lock=lock,
        )
        try:
            if is_alone:
                recover(room)
        except BaseException:
            room.close()
            raise
        fcntl.flock(lock, fcntl.LOCK_SH)  # the others may come in now
        return room

    def close(self) -> None:
        """Let go of the store and of the folder."""
        self.state.close()
        with suppress(OSError):
            os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def verify_key(self) -> VerifyKey:
        """What receipts and checkpoints are checked with."""
        return self.signing.verify_key

    @property
    def incoming(self) -> Path:
        """Uploads on their way."""
        return self.folder / "incoming"

    @property
    def spill(self) -> Path:
        """Where sessions spill, encrypted."""
        return self.folder / "spill"

    def new_data_key(self) -> bytes:
        """A fresh data key, wrapped."""
        return self._kek.wrap(DataKey.generate(self.surroundings.random))

    def data_key(self, member: MemberName) -> DataKey:
        """A member's data key.

        Raises:
            NotFound: CR-A036, no such member, or its key was destroyed.
        """
        with self.state.read() as tx:
            found = next((m for m in tx.members.all() if m.name == member and m.status is MemberStatus.ACTIVE), None)
        if found is None or found.wrapped_data_key is None:
            raise NotFound("CR-A036", "no such member", help="list the members")
        return self._kek.unwrap(found.wrapped_data_key)

    def vault(self, member: MemberName) -> Vault:
        """A member's vault; NotFound CR-A036 as above."""
        return Vault(place=LakePlace(member=member, root=self.folder / "vaults" / member), key=self.data_key(member))

    def blob_key(self, purpose: str) -> BlobKey:
        """The room's own key for bytes of one purpose: ``request``, ``release``, ``ledger``."""
        return self._kek.blob_key(purpose)

    def contract_versions(self) -> tuple[Digest, ...]:
        """What tells one set of ``contracts`` from another, for caches: the digests of the room's own documents."""
        with self.state.read() as tx:
            return tuple(record.digest for record in tx.contracts.all())

    def contracts(self) -> Mapping[DatasetName, Contract]:
        """The shipped contracts, extended and overridden by the room's own."""
        found = dict(shipped_contracts())
        with self.state.read() as tx:
            own = tx.contracts.all()
        for record in own:
            found[record.dataset] = load_contract(record.document.encode(), place=f"{record.dataset}@{record.version}")
        return found


def _key_file(folder: Path, given: Path | None) -> Path:
    named = os.environ.get(_KEY_FILE_VARIABLE)
    if given is not None:
        return given
    return Path(named) if named else folder.absolute().with_name(f"{folder.absolute().name}.key")


def _state_url(folder: Path) -> str:
    # A server's URL may hold a password, so it comes from the environment and is never written into the folder.
    return os.environ.get(_STATE_VARIABLE) or f"sqlite:///{folder.absolute() / 'state.db'}"


def _write_description(folder: Path, *, name: str, sealed: bytes) -> None:
    content = {"name": name, "format": FORMAT_VERSION, "signing": base64.b64encode(sealed).decode()}
    partial = folder / ".room.json"
    with partial.open("w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / "room.json")


def _read_description(folder: Path) -> bytes:
    try:
        content = json.loads((folder / "room.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(
            "CR-A033", "there is no room in this folder", help="`cleanroom room init` makes one", place=folder.name
        ) from None
    except (OSError, ValueError):
        raise _damaged(folder) from None
    if not isinstance(content, dict) or not isinstance(content.get("format"), int):
        raise _damaged(folder)
    if content["format"] > FORMAT_VERSION:
        raise DataRefused("CR-A034", "the room was written by a newer version", place=folder.name)
    try:
        return base64.b64decode(content["signing"], validate=True)
    except (KeyError, TypeError, binascii.Error, ValueError):
        raise _damaged(folder) from None


def _damaged(folder: Path) -> DataRefused:
    return DataRefused("CR-A034", "the room's description cannot be read", help="restore a backup", place=folder.name)


def _take_lock(folder: Path) -> tuple[int, bool]:
    """Hold the room open; whether nobody else did decides if a crash may be healed now."""
    handle = os.open(folder / ".open.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(handle, fcntl.LOCK_SH)
        return handle, False
    return handle, True
