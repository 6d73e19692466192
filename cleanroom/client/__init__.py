"""The member's side of the kernel: what a package is (``package``, ``manifest``), and the stored ``profile``."""

from cleanroom.client.manifest import Manifest, SignedManifest, sign_manifest
from cleanroom.client.package import VerifiedManifest, package_schema, verify_package
from cleanroom.client.profile import Profile, load_profile, save_profile

__all__ = [
    "Manifest",
    "Profile",
    "SignedManifest",
    "VerifiedManifest",
    "load_profile",
    "package_schema",
    "save_profile",
    "sign_manifest",
    "verify_package",
]
