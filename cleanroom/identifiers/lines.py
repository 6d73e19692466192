"""``cleanroom normalize``: lines in, canonical lines out, one at a time."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from typing import Literal

from cleanroom.identifiers.profile import Canonical, Profile

Hash = Literal["sha256-hex", "sha256-base64"]
INVALID_MARK = "!invalid: "


def normalize_lines(
    profile: Profile,
    lines: Iterable[str],
    *,
    hash: Hash | None = None,  # noqa: A002 - the option is called --hash
    region: str | None = None,
) -> Iterator[str]:
    """One canonical line per line of ``lines`` (line ends are ignored); ``!invalid: <reason>`` where there is none.

    The reason never repeats the value. A bare hash is offered for talking to others' systems; a room refuses it.
    """
    for line in lines:
        outcome = profile.normalise(line.rstrip("\r\n"), region)
        if isinstance(outcome, Canonical):
            yield _shown(outcome.text, hash)
        else:
            yield INVALID_MARK + outcome.reason


def _shown(text: str, hash: Hash | None) -> str:  # noqa: A002
    if hash is None:
        return text
    digest = hashlib.sha256(text.encode())
    return digest.hexdigest() if hash == "sha256-hex" else base64.b64encode(digest.digest()).decode("ascii")
