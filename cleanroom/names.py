"""Ids as their own types: a member's name cannot be passed where a dataset's is meant.

Pure vocabulary. Nothing here reads a clock, a file or randomness.
"""

import re
from typing import NewType

MemberName = NewType("MemberName", str)
"""A member of the room, lower-case ``[a-z][a-z0-9_-]{0,62}``; for example ``harbor``."""

DatasetName = NewType("DatasetName", str)
"""A record type as held by members, the name of its contract; for example ``sales``."""

ColumnName = NewType("ColumnName", str)
"""A contract column as stored in a room (identifiers appear as their token column)."""

Digest = NewType("Digest", str)
"""``sha256:`` and 64 lower-case hex digits, over a canonical form."""

KeyId = NewType("KeyId", str)
UserName = NewType("UserName", str)
PolicyId = NewType("PolicyId", str)
TemplateName = NewType("TemplateName", str)
UploadId = NewType("UploadId", str)
RunId = NewType("RunId", str)
ReleaseId = NewType("ReleaseId", str)
SnapshotId = NewType("SnapshotId", int)
"""The DuckLake snapshot of one member's vault; grows by commits."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z")


def is_name(text: str) -> bool:
    """Whether ``text`` can name a member, dataset, template or user: lower-case, starts with a letter, at most 63."""
    return _NAME.match(text) is not None
