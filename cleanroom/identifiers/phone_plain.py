"""The phone numbers whose E.164 form needs no library: a short table of countries, numbers of one length.

Every row is proven against libphonenumber by a property test; a number that fits no row goes to the library.
``first`` are first digits at which the library strips no national prefix.
"""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Country:
    """``region`` has calling ``code``, trunk prefix ``trunk``; plain numbers have ``digits`` digits after it."""

    region: str
    code: str
    trunk: str
    first: str
    digits: int


COUNTRIES = (
    Country("US", "1", "1", "[2-9]", 10),
    Country("CA", "1", "1", "[2-9]", 10),
    Country("GB", "44", "0", "[2-9]", 10),
    Country("FR", "33", "0", "[1-9]", 9),
    Country("ES", "34", "", "[6-9]", 9),
    Country("NL", "31", "0", "[1-9]", 9),
    Country("AU", "61", "0", "[2-47-8]", 9),
    Country("IN", "91", "0", "[6-9]", 10),
    Country("PL", "48", "", "[2-8]", 9),
    Country("CH", "41", "0", "[2-7]", 9),
)


def plain_phone(column: pl.Expr, region: str | None) -> pl.Expr:
    """E.164 where a row of the table decides it, null elsewhere."""
    plain = pl.when(column.str.contains(r"^ *\+?[0-9 ().\-]+$")).then(column.str.replace_all(r"[ ().\-]", ""))
    international = "|".join(sorted({f"{row.code}{row.first}[0-9]{{{row.digits - 1}}}" for row in COUNTRIES}))
    result: pl.Expr = pl.when(plain.str.contains(rf"^\+(?:{international})$")).then(plain)
    for row in COUNTRIES:
        if row.region == region:
            body = f"{row.first}[0-9]{{{row.digits - 1}}}"
            national = pl.when(plain.str.contains(f"^{row.trunk}{body}$")).then(
                pl.lit("+" + row.code) + plain.str.slice(len(row.trunk))
            )
            result = pl.coalesce(result, national)
    return result
