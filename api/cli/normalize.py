"""``cleanroom normalize``: what people typed in, canonical spellings out."""

import sys
from typing import Annotated

import typer

from cleanroom.errors import UsageProblem

_HASHES = ("sha256-hex", "sha256-base64")


def normalize(
    profile: Annotated[
        str, typer.Option("--profile", metavar="NAME@VERSION", help="For example email.uid2@1, phone.e164@1, gtin@1.")
    ],
    hashed: Annotated[
        str | None, typer.Option("--hash", metavar="sha256-hex|sha256-base64", help="Print the bare hash instead.")
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", metavar="GB", help="Country of numbers and postcodes without one.")
    ] = None,
) -> None:
    """Read lines from standard input, write one canonical line each; "!invalid: reason" where there is none.

    Exits with 3 if any line was invalid. Example: printf ' Jane.Doe@GMail.com \\n' | cleanroom normalize --profile email.uid2@1
    """
    from cleanroom.identifiers.lines import INVALID_MARK, normalize_lines
    from cleanroom.identifiers.registry import profile_named

    if hashed is not None and hashed not in _HASHES:
        raise UsageProblem("CR-A082", "--hash is sha256-hex or sha256-base64")
    way = "sha256-hex" if hashed == "sha256-hex" else "sha256-base64" if hashed else None
    sys.stdin.reconfigure(encoding="utf-8", errors="replace", newline="\n")  # type: ignore[union-attr]
    is_any_invalid = False
    for line in normalize_lines(profile_named(profile), sys.stdin, hash=way, region=region):  # type: ignore[arg-type]
        is_any_invalid = is_any_invalid or line.startswith(INVALID_MARK)
        sys.stdout.write(line + "\n")
    raise typer.Exit(3 if is_any_invalid else 0)
