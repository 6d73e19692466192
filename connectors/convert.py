"""Text -> typed values, never by a cast that fails: what cannot be read becomes null and is counted by the caller.

Dates without a ``date_format`` must be ISO 8601 (``2026-01-31``, ``20260131``, with or without a time): every other
order of day and month is ambiguous and is asked for, not guessed. Years outside 1900-2199 are not believed.
"""

import polars as pl

from cleanroom.contracts.model import ColumnType
from connectors.mapping import ColumnRule

DECIMAL = pl.Decimal(18, 4)
_TRUE = ("true", "t", "yes", "y", "1", "1.0", "x", "on")
_FALSE = ("false", "f", "no", "n", "0", "0.0", "off")
_TIME_TOKENS = ("%H", "%I", "%M", "%S", "%T", "%R", "%k", "%l", "%p", "%X", "%c")
_MOMENT = r"^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2})(:\d{2})?([.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)?$"
_NUMBER = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$"
_WHOLE = r"^[+-]?[0-9]+(?:\.0*)?$"
_YEARS = (1900, 2199)


def typed(text: pl.Series, rule: ColumnRule) -> pl.Series:
    """``text`` as the type of ``rule``'s column; null where it is null or cannot be read."""
    match rule.target.type:
        case ColumnType.TEXT | ColumnType.TOKEN:
            return text
        case ColumnType.DATE:
            return _date(text, rule.date_format)
        case ColumnType.TIMESTAMP:
            return _timestamp(text, rule.date_format)
        case ColumnType.DECIMAL:
            return _decimal(text, rule)
        case ColumnType.INTEGER:
            return _integer(text, rule)
        case ColumnType.BOOLEAN:
            return _boolean(text)


def loses_digits(text: pl.Series, rule: ColumnRule) -> pl.Series:
    """Rows whose number has more than four decimals and is therefore rounded."""
    return text.str.contains("\\" + rule.decimal + r"[0-9]{4}[0-9]*[1-9]").fill_null(value=False)


def _date(text: pl.Series, date_format: str | None) -> pl.Series:
    if date_format is not None:
        return _timestamp(text, date_format).dt.date()
    plain = text.str.to_date("%Y-%m-%d", strict=False)
    plain = plain if _all_read(plain, text) else _first(plain, _iso_moment(text).dt.date())
    if not _all_read(plain, text):
        plain = _first(plain, _only(text, r"^\d{8}$").str.to_date("%Y%m%d", strict=False))
    return _believable(plain)


def _timestamp(text: pl.Series, date_format: str | None) -> pl.Series:
    if date_format is None:
        plain = text.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
        return _believable(plain if _all_read(plain, text) else _first(plain, _iso_moment(text)))
    if any(token in date_format for token in _TIME_TOKENS):
        return _believable(text.str.to_datetime(date_format, time_unit="us", strict=False))
    return _believable(text.str.to_date(date_format, strict=False).cast(pl.Datetime("us")))


def _iso_moment(text: pl.Series) -> pl.Series:
    """ISO 8601 in its usual spellings; an offset is dropped, because the store's local time is what is meant."""
    cell = pl.col("cell")
    clock = pl.coalesce(cell.str.extract(_MOMENT, 2), pl.lit("00:00"))
    seconds = pl.coalesce(cell.str.extract(_MOMENT, 3), pl.lit(":00"))
    fraction = pl.coalesce(cell.str.extract(_MOMENT, 4), pl.lit("")).str.replace(",", ".", literal=True)
    rebuilt = cell.str.extract(_MOMENT, 1) + " " + clock + seconds + fraction
    moment = rebuilt.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    return text.alias("cell").to_frame().select(moment).to_series()


def _decimal(text: pl.Series, rule: ColumnRule) -> pl.Series:
    number = _plain_number(text, rule)
    return _only(number, _NUMBER).cast(DECIMAL, strict=False)


def _integer(text: pl.Series, rule: ColumnRule) -> pl.Series:
    number = _only(_plain_number(text, rule), _WHOLE)
    return number.str.replace(r"\.0*$", "").str.strip_prefix("+").cast(pl.Int64, strict=False)


def _plain_number(text: pl.Series, rule: ColumnRule) -> pl.Series:
    """Without declared thousands marks, with a point; brackets and a trailing minus (as tills print) are negative."""
    if rule.thousands is not None:
        text = text.str.replace_all(rule.thousands, "", literal=True)
    if rule.decimal == ",":
        text = text.str.replace(".", "?", literal=True).str.replace(",", ".", literal=True)
    if text.str.contains(_NUMBER).all():
        return text
    bare = text.str.replace_all(r"^[\s£$€]+|[\s£$€]+$", "").str.replace(r"^\((.*)\)$", "-$1")
    return bare.str.replace(r"^([+-]?)[\s£$€]+", "$1").str.replace(r"^([0-9.]+)-$", "-$1")


def _boolean(text: pl.Series) -> pl.Series:
    lowered = text.str.to_lowercase()
    words = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
    return lowered.replace_strict(words, default=None, return_dtype=pl.Boolean)


def _believable(moment: pl.Series) -> pl.Series:
    year = moment.dt.year()
    low, high = year.min(), year.max()
    if isinstance(low, int) and isinstance(high, int) and (low < _YEARS[0] or high > _YEARS[1]):
        return pl.select(pl.when(year.is_between(*_YEARS)).then(moment)).to_series()
    return moment


def _only(text: pl.Series, pattern: str) -> pl.Series:
    return pl.select(pl.when(text.str.contains(pattern)).then(text)).to_series()


def _first(left: pl.Series, right: pl.Series) -> pl.Series:
    return pl.select(pl.coalesce(left, right)).to_series()


def _all_read(values: pl.Series, text: pl.Series) -> bool:
    return values.null_count() == text.null_count()
