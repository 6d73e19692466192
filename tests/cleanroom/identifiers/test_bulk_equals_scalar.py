"""A column through a profile gives, value by value, what the scalar rule gives."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.identifiers import PROFILES, Canonical, Profile, normalise_column

TYPED = st.text(alphabet=" ABab.+@gmailcom019-_/'ExX0123456789()\u00e9\u00df\t", max_size=20)
EMAILS = st.builds(
    lambda local, at, domain: local + at + domain,
    TYPED,
    st.sampled_from(["@", "@@", ""]),
    st.sampled_from(["gmail.com", "GMAIL.com ", "googlemail.com", "x.example", " x"]),
)
PHONES = st.builds(
    lambda prefix, digits: prefix + digits,
    st.sampled_from(["", "+1", "+44", "0", "+33", "+34", "+31 ", "+61", "+91", "+48", "+41", "1", "0044 ", "+44 (0)"]),
    st.text(alphabet="0123456789", min_size=7, max_size=12),
)
NUMBERS = st.text(alphabet="0123456789", min_size=7, max_size=16)
VALUES = st.lists(st.one_of(st.none(), TYPED, EMAILS, PHONES, NUMBERS, st.text(max_size=12)), min_size=1, max_size=40)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
@settings(deadline=None, max_examples=120)
@given(
    values=VALUES,
    region=st.sampled_from([None, "US", "GB", "FR", "AU", "IN", "CH", "DE"]),
    repeat=st.sampled_from([1, 9]),
)
def test_bulk_equals_scalar(profile: Profile, values: list[str | None], region: str | None, repeat: int) -> None:
    """Canonical texts, reasons and notes agree, in columns of distinct and of repeating values."""
    column = pl.Series("v", values * repeat, dtype=pl.String)
    found = normalise_column(profile, column, region=region)
    outcomes = [None if value is None else profile.normalise(value, region) for value in column.to_list()]
    assert found.canonical.to_list() == [o.text if isinstance(o, Canonical) else None for o in outcomes]
    notes = [o.note if isinstance(o, Canonical) else None for o in outcomes]
    reasons = [getattr(o, "reason", None) if v and v.strip() else None for v, o in zip(column, outcomes, strict=True)]
    assert _spelled(found.notes, column.len()) == notes
    assert _spelled(found.invalid, column.len()) == reasons


def _spelled(marks: object, length: int) -> list[str | None]:
    spelled: list[str | None] = [None] * length
    for reason, rows in marks.items():  # type: ignore[attr-defined]
        for place, marked in enumerate(rows.to_list()):
            if marked:
                spelled[place] = reason
    return spelled


@settings(deadline=None, max_examples=300)
@given(
    code=st.sampled_from(["1", "44", "33", "34", "31", "61", "91", "48", "41"]),
    digits=st.text(alphabet="0123456789", min_size=8, max_size=11),
    region=st.sampled_from([None, "US", "CA", "GB", "FR", "ES", "NL", "AU", "IN", "PL", "CH"]),
    form=st.sampled_from(["+{code}{digits}", "0{digits}", "{digits}", "1{digits}"]),
)
def test_the_table_of_countries_is_the_library(code: str, digits: str, region: str | None, form: str) -> None:
    """Every number the table decides, libphonenumber decides the same way."""
    profile = next(profile for profile in PROFILES if profile.name == "phone.e164@1")
    text = form.format(code=code, digits=digits)
    quick = pl.DataFrame({"v": [text]}).select(profile.fast(pl.col("v"), region)).item()
    outcome = profile.normalise(text, region)
    assert quick is None or outcome == Canonical(quick)
