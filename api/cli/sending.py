"""Files -> a package -> the room -> a receipt: the member's half of flow 1, for ``data prepare``, ``push`` and ``watch``."""

import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from api.cli.placing import existing
from api.cli.remote import room_client, stored_profile
from cleanroom.client.remote import Json, RoomClient
from cleanroom.contracts.model import Contract
from cleanroom.crypto import CollaborationKey, MemberKeys
from cleanroom.errors import CleanroomError, DataRefused, OutcomeUnknown, Unavailable, UsageProblem
from cleanroom.names import DatasetName, MemberName
from connectors.mapping import DataMapping, load_mapping
from connectors.prepare import Prepared
from connectors.prepare import prepare as prepare_files

Progress = Callable[[int, int | None], None]

_ENDED = frozenset({"committed", "refused", "expired"})
_LOOK_SECONDS = (0.02, 1.0)
_WAIT_SECONDS = 3600.0
"""The room gives a file up after minutes; an hour means that no worker runs, or that the queue is long."""

_DELAY_SECONDS = 10.0
"""How long to wait while the room says that it cannot go on."""

_AWAY_SECONDS = 60.0
"""How long a room that has the upload may be away: a restart, not a removal."""

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends: the member, its keys, and the contracts files are mapped to."""

    member: MemberName
    keys: MemberKeys = field(repr=False)
    collaboration: CollaborationKey | None = field(repr=False)
    contracts: Mapping[DatasetName, Contract]
    profile: Path | None

    @classmethod
    def of(
        cls,
        profile: Path | None,
        *,
        contracts: Mapping[DatasetName, Contract],
        keys: Path | None = None,
        collaboration: Path | None = None,
        member: str | None = None,
    ) -> Self:
        """From the stored profile, with what is given instead; a profile is not needed if all is given."""
        stored = None if keys is not None and member is not None else stored_profile(profile)
        shared = collaboration or (stored.collaboration_key if stored else None)
        return cls(
            member=MemberName(member) if member else stored.member,  # type: ignore[union-attr]
            keys=MemberKeys.load(keys if keys is not None else stored.member_keys),  # type: ignore[union-attr]
            collaboration=None if shared is None else CollaborationKey.load(shared),
            contracts=contracts,
            profile=profile,
        )

    def prepare(
        self, files: Sequence[Path], dataset: str, mapping: Path | None, out: Path, *, progress: Progress
    ) -> Prepared:
        """The package ``out`` made from ``files``.

        Raises:
            UsageProblem, NotFound: no mapping, see ``mapping_of``. DataRefused: what mapping or files are refused for.
        """
        known = self.mapping_of(dataset, mapping)
        return prepare_files(
            files,
            mapping=known,
            contract=self.contracts[known.contract],
            out=out,
            member=self.member,
            keys=self.keys,
            collaboration=self.collaboration,
            now=datetime.now(UTC),
            progress=progress,
        )

    def mapping_of(self, dataset: str, mapping: Path | None) -> DataMapping:
        """The mapping in the file ``mapping``, which is for ``dataset``.

        Raises:
            UsageProblem: CR-A094 no mapping, CR-A095 one for another dataset. NotFound: CR-A080 no such file.
            DataRefused: CR-D501 to CR-D505.
        """
        if mapping is None:
            raise UsageProblem(
                "CR-A094",
                "files need a mapping",
                help="`cleanroom data map FILE --dataset NAME > mapping.yaml` drafts one",
            )
        known = load_mapping(existing(mapping).read_bytes(), self.contracts, place=mapping.name)
        if known.contract != dataset:
            raise UsageProblem("CR-A095", "the mapping is for another dataset", help="check --dataset")
        return known

    def push(
        self,
        path: Path,
        dataset: str,
        mapping: Path | None,
        *,
        mode: str,
        period: str | None,
        url: str | None,
        wait: bool,
        progress: Progress,
    ) -> Json:
        """Send a package folder, or prepare a file and send it; the upload as it ended, its receipt read."""
        with room_client(self.profile, url) as client:
            if (path / "manifest.json").is_file():
                return _sent(client, path, mode=mode, period=period, wait=wait, progress=progress)
            with tempfile.TemporaryDirectory(prefix="cleanroom-", dir=os.environ.get("TMPDIR")) as folder:
                package = Path(folder) / "package"
                self.prepare([path], dataset, mapping, package, progress=lambda _done, _total: None)
                return _sent(client, package, mode=mode, period=period, wait=wait, progress=progress)


def _sent(client: RoomClient, package: Path, *, mode: str, period: str | None, wait: bool, progress: Progress) -> Json:
    upload: str | None = None
    for attempt in range(_ATTEMPTS):
        try:
            upload = client.send_package(package, mode=mode, period=period, resume=upload, progress=progress)
            break
        except (OutcomeUnknown, Unavailable):
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(2**attempt)
    view = _followed(client, str(upload)) if wait else client.get(f"/uploads/{upload}")
    if view["state"] == "refused":
        raise _refusal(client, view, package.name)
    if view["state"] == "expired":
        raise DataRefused("CR-A020", "the upload expired before it was whole", help="push again", place=package.name)
    if isinstance(view.get("receipt"), str):
        view["receipt"] = json.loads(view["receipt"])
    return view


def _followed(client: RoomClient, upload: str) -> Json:
    """The upload once it has ended; looks often at first, then rarely, not for ever, and past a room that restarts.

    Raises:
        OutcomeUnknown: CR-A110 it is still being worked on.
        Unavailable: CR-A118 the room has it and cannot go on with it for now; or the room stays away.
    """
    pause, waited, delayed, away = _LOOK_SECONDS[0], 0.0, 0.0, 0.0
    while waited < _WAIT_SECONDS:
        try:
            view = client.get(f"/uploads/{upload}")
        except (OutcomeUnknown, Unavailable):
            away += pause
            if away >= _AWAY_SECONDS:
                raise
        else:
            if view["state"] in _ENDED:
                return view
            away, delayed = 0.0, delayed + pause if view.get("delayed") else 0.0
            if delayed >= _DELAY_SECONDS:
                raise _delayed(upload, str(view["delayed"]))
        time.sleep(pause)
        waited += pause
        pause = min(1.5 * pause, _LOOK_SECONDS[1])
    raise OutcomeUnknown(
        "CR-A110",
        "the room is still working on the upload",
        help=f"`cleanroom data show {upload}` says how it ends",
    )


def _delayed(upload: str, why: str) -> Unavailable:
    return Unavailable(
        "CR-A118",
        f"the room has the whole upload and cannot go on with it for now ({why})",
        help=f"it will by itself once its operator has helped; `cleanroom data show {upload}` says how it ends",
    )


def _refusal(client: RoomClient, view: Json, place: str) -> DataRefused:
    """The room's refusal with the reason its report gives, as far as the report can be read."""
    code, message, advice = str(view["refusal"]), "the room refused the package; nothing was stored", ""
    with suppress(CleanroomError):
        found = client.get(f"/uploads/{view['upload_id']}/quality").get("findings", [])
        fatal = next((f for f in found if f.get("code") == code), None)
        if fatal is not None:
            message, advice = f"{fatal['message']}; nothing was stored", str(fatal.get("help", ""))
    more = f"`cleanroom data quality {view['upload_id']}` lists all findings"
    return DataRefused(code, message, help=f"{advice}; {more}" if advice else more, place=place)
