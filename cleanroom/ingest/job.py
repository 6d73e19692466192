"""What the story works on: one received upload, and what its verified manifest declares."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from cleanroom.contracts import Contract
from cleanroom.errors import DataRefused
from cleanroom.names import Digest, UploadId
from cleanroom.quality.identity import IdentifierQuality
from cleanroom.vault.decide import Mode
from cleanroom.vault.package_file import PackageFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A manifest whose signature and digest hold. ``skipped``: (reason, rows) left out before packaging.

    ``identifiers`` is what the member's machine counted about them; only the uploader is told.
    """

    package: Digest
    contract_version: str
    rows: int
    profiles: tuple[str, ...] = ()
    skipped: tuple[tuple[str, int], ...] = ()
    identifiers: tuple[IdentifierQuality, ...] = ()


class VerifyPackage(Protocol):
    """Step 8: manifest, digest and signature of a received package."""

    def __call__(self, package: PackageFile) -> Declared:
        """What the manifest declares; raises ``DataRefused`` or ``IntegrityFailure`` when anything does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestJob:
    """One received upload. ``period`` is first and last day, ``period_text`` as the uploader wrote it.

    ``today`` is the room's day, against which dates are plausible. ``wait``: queue behind another writer.
    """

    upload: UploadId
    contract: Contract
    mode: Mode
    package: PackageFile
    today: date
    period: tuple[date, date] | None = None
    period_text: str | None = None
    wait: bool = True


def check_declared(declared: Declared, contract: Contract, rows: int | None = None) -> None:
    """The manifest speaks of this contract, and of the rows that came.

    Raises:
        DataRefused: CR-V028 another contract version (the first number differs), CR-V029 another number of rows.
    """
    if declared.contract_version.split(".")[0] != contract.version.split(".")[0]:
        raise DataRefused(
            "CR-V028",
            f"the package was prepared for another version of `{contract.dataset}`; the room has {contract.version}",
            help="fetch the room's contracts and prepare the file again",
        )
    if rows is not None and rows != declared.rows:
        raise DataRefused(
            "CR-V029", "the package does not hold the rows its manifest states", help="prepare and push it again"
        )
