"""Step 8 for real packages: a received manifest and its rows -> ``Declared``, or nothing.

The numbered checks and the attacks they stop are in ``client.package.verify_package``; what is added here is whose
upload it is: a member's signed package does not enter another member's vault.
"""

from dataclasses import dataclass

from cleanroom.client.package import verify_package
from cleanroom.contracts import Contract
from cleanroom.crypto.keys import VerifyKey
from cleanroom.errors import DataRefused
from cleanroom.ingest.job import Declared
from cleanroom.names import Digest, MemberName
from cleanroom.quality.identity import IdentifierQuality
from cleanroom.vault.package_file import PackageFile


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPackage:
    """What came beside the rows; call it with the rows. ``member`` is the one that uploads, ``verify_key`` is its."""

    manifest: bytes
    member: MemberName
    verify_key: VerifyKey
    contract: Contract

    def __call__(self, package: PackageFile) -> Declared:
        """What the manifest declares.

        Raises:
            DataRefused: CR-V044 signed for another member; CR-K020, CR-K021, CR-K023 see ``verify_package``.
            IntegrityFailure: CR-K011, CR-K022 see there; CR-K013 the stored bytes do not open.
        """
        with package.open() as rows:
            checked = verify_package(self.manifest, rows, verify_key=self.verify_key, contract=self.contract).manifest
        if checked.member != self.member:
            raise DataRefused("CR-V044", "the package was made for another member", help="push your own package")
        left_out = (("rejected", checked.rows_rejected), ("skipped", checked.rows_skipped))
        profiles = tuple(f"{column}={profile}" for column, profile in sorted(checked.profiles.items()))
        return Declared(
            # Of the rows, not of the manifest: the same extract prepared twice is the same package.
            package=Digest(f"sha256:{checked.rows.sha256}"),
            contract_version=checked.contract_version,
            rows=checked.rows.count,
            profiles=(*profiles, f"key={checked.collaboration_key}"),
            skipped=tuple((reason, count) for reason, count in left_out if count),
            identifiers=tuple(IdentifierQuality(**entry.model_dump()) for entry in checked.identifiers),
        )
