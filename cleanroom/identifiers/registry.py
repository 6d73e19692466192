"""The profiles there are. A profile's name is part of contracts and of every token's key: names are never reused."""

from cleanroom.errors import UsageProblem
from cleanroom.identifiers import (
    email_google,
    email_meta,
    email_uid2,
    gtin,
    imei,
    phone_digits,
    phone_e164,
    postcode_area,
    serial_plain,
)
from cleanroom.identifiers.profile import Profile

PROFILES: tuple[Profile, ...] = (
    email_uid2.PROFILE,
    email_google.PROFILE,
    email_meta.PROFILE,
    phone_e164.PROFILE,
    phone_digits.PROFILE,
    serial_plain.PROFILE,
    gtin.PROFILE,
    imei.PROFILE,
    postcode_area.PROFILE,
)


def profile_named(name: str) -> Profile:
    """The profile called ``name``.

    Raises:
        UsageProblem: CR-N001 there is none.
    """
    for profile in PROFILES:
        if profile.name == name:
            return profile
    known = ", ".join(profile.name for profile in PROFILES)
    raise UsageProblem("CR-N001", "there is no such normaliser profile", help=f"one of {known}", place="profile")
