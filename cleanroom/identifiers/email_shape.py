"""The shape all e-mail profiles agree on: one ``@``, something on both sides, no control characters."""

from cleanroom.identifiers.profile import ASCII_SPACE, EMPTY, Invalid

SIMPLE = r"^ *[!-?A-~]+@[!-?A-~]+ *$"
"""Printable ASCII with exactly one ``@`` (which lies between ``?`` and ``A``) and spaces around at most."""


def parts(text: str) -> tuple[str, str] | Invalid:
    """Local part and domain of the trimmed ``text``, or why there are none."""
    trimmed = text.strip(ASCII_SPACE)
    if not trimmed:
        return EMPTY
    if any(ord(char) < ord(" ") or ord(char) == 0x7F for char in trimmed):
        return Invalid("a control character inside")
    local, at, domain = trimmed.partition("@")
    if not at:
        return Invalid("no @")
    if "@" in domain:
        return Invalid("more than one @")
    domain = domain.strip(" ")
    if not local.strip(" "):
        return Invalid("nothing before the @")
    if not domain:
        return Invalid("nothing after the @")
    return local, domain
