"""Identifiers as people type them -> canonical text, by named and versioned profiles.

``registry`` lists the profiles (one file each); ``column`` runs one over a column, ``lines`` over a stream; ``guard``
tells clear identifiers from what a room may hold. Rules, with examples: docs/identifiers.md.
"""

from cleanroom.identifiers.column import NormalisedColumn, normalise_column
from cleanroom.identifiers.guard import Kind, guard_column, is_bare_hash, looks_like
from cleanroom.identifiers.lines import INVALID_MARK, Hash, normalize_lines
from cleanroom.identifiers.profile import Canonical, Invalid, Outcome, Profile
from cleanroom.identifiers.registry import PROFILES, profile_named

__all__ = [
    "INVALID_MARK",
    "PROFILES",
    "Canonical",
    "Hash",
    "Invalid",
    "Kind",
    "NormalisedColumn",
    "Outcome",
    "Profile",
    "guard_column",
    "is_bare_hash",
    "looks_like",
    "normalise_column",
    "normalize_lines",
    "profile_named",
]
