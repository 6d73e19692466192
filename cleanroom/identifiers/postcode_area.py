"""``postcode.area@1``: the coarse area of a postal code, coarse enough to be a dimension.

GB: the letters of the area (``SW1A 1AA`` -> ``SW``). CA: the first three characters. US: the first three digits of
five or nine. Elsewhere, and without a region: the first two characters of a code of digits. The region decides;
without one only shapes that exist in one country are taken for that country.
"""

import re

from cleanroom.identifiers.profile import EMPTY, Canonical, Invalid, Outcome, Profile, never

_GB = re.compile(r"([A-Z]{1,2})[0-9][0-9A-Z]? ?(?:[0-9][A-Z]{2})?\Z")
_CA = re.compile(r"([A-Z][0-9][A-Z]) ?(?:[0-9][A-Z][0-9])?\Z")
_US = re.compile(r"([0-9]{3})[0-9]{2}(?:[ -]?[0-9]{4})?\Z")
_DIGITS = re.compile(r"(?:[A-Z]{1,2}-)?([0-9]{2})[0-9]{1,6}(?: ?[A-Z]{2})?(?:-[0-9]{3})?\Z")
_BY_REGION = {"GB": (_GB,), "CA": (_CA,), "US": (_US,)}
_WITHOUT_REGION = (_CA, _GB, _DIGITS)


def normalise(text: str, region: str | None = None) -> Outcome:
    """The area, or why there is none."""
    trimmed = " ".join(text.upper().split())
    if not trimmed:
        return EMPTY
    trimmed = re.sub(r"(?<=[0-9])\.0\Z", "", trimmed)
    patterns = _WITHOUT_REGION if region is None else _BY_REGION.get(region, (_DIGITS,))
    for pattern in patterns:
        found = pattern.match(trimmed)
        if found:
            return Canonical(found.group(1))
    return Invalid("not a postal code of this region")


PROFILE = Profile(name="postcode.area@1", title="the coarse area of a postal code", normalise=normalise, fast=never)
