"""States, reasons, times and numbers in the words the pages show; pure."""

from collections.abc import Callable, Mapping
from datetime import date, datetime

from markupsafe import Markup, escape

from api.insights.shown import as_text, is_numeric, is_withheld, places_of, reason_text
from cleanroom.quality.report import Evidence
from cleanroom.quality.shares import share_text

STATES: Mapping[str, str] = {
    "SUBMITTED": "waiting",
    "STARTED": "running",
    "CANCELLING": "stopping",
    "CANCELLED": "cancelled",
    "FAILED": "failed",
    "SUCCESS": "released",
    "TIMED_OUT": "timed out",
    "REFUSED": "refused",
    "receiving": "arriving",
    "received": "arrived",
    "ingesting": "being checked",
    "committed": "committed",
    "refused": "refused",
    "expired": "expired",
    "submitted": "waits for approval",
    "active": "active",
    "superseded": "superseded",
    "withdrawn": "withdrawn",
    "draft": "draft",
    "paused": "paused",
    "due": "due",
    "asked": "being asked",
    "ready": "to be sent",
    "sending": "being sent",
    "delivered": "delivered",
    "failed": "failed",
    "unknown": "perhaps delivered",
}
_TONES: Mapping[str, str] = {
    **dict.fromkeys(("SUCCESS", "committed", "active", "delivered"), "good"),
    **dict.fromkeys(("REFUSED", "FAILED", "TIMED_OUT", "refused", "failed"), "bad"),
    **dict.fromkeys(("due", "asked", "ready", "sending", "unknown", "paused"), "open"),
    **dict.fromkeys(("SUBMITTED", "STARTED", "CANCELLING", "receiving", "received", "ingesting", "submitted"), "open"),
}


def state(name: str) -> str:
    """A state for reading."""
    return STATES.get(str(name), str(name))


def tone(name: str) -> str:
    """``good``, ``bad``, ``open`` or ``quiet``: how a state is coloured; the word beside it says the same."""
    return _TONES.get(str(name), "quiet")


def when(moment: datetime | None) -> Markup:
    """A moment, to the minute, UTC; a piece of time that no line break tears."""
    if moment is None:
        return Markup()
    return Markup('<time datetime="{}">{}</time>').format(
        moment.strftime("%Y-%m-%dT%H:%MZ"), moment.strftime("%Y-%m-%d %H:%M")
    )


def day(date_: date | None) -> Markup:
    """A day in the same way; a dash where there is none."""
    return Markup("\N{EN DASH}") if date_ is None else Markup("<time>{}</time>").format(date_.isoformat())


def short(digest: str) -> str:
    """The beginning of a digest or id, enough to compare by eye."""
    bare = str(digest).removeprefix("sha256:")
    return bare[:12]


def size(count: int) -> str:
    """Bytes for reading."""
    value = float(count)
    for unit in ("bytes", "kB", "MB"):
        if value < 1000:
            return f"{count:,} bytes" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def plural(count: int, one: str, many: str = "") -> str:
    """``1 row``, ``2 rows``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


_EVIDENCE: Mapping[str, str] = {
    "agreed": "Great Expectations counted the same",
    "disagreed": "Great Expectations counted otherwise; tell the operator",
    "pending": "Great Expectations' second opinion will come when the room is quiet",
    "interrupted": "Great Expectations was not asked: the room was closed before its turn came",
    "too busy": "Great Expectations was not asked: the room was too busy",
    "not installed": "Great Expectations is not installed in this room",
    "failed": "Great Expectations gave no answer",
}


def evidence(told: Evidence) -> str:
    """The second opinion in words; the gate has decided in any case."""
    words = _EVIDENCE.get(told.state, told.state)
    return f"{words}, over the first {told.checked_rows:,} rows." if told.expectations else f"{words}."


def sentence(text: str) -> Markup:
    """A message as a sentence: first letter large, a full stop at its end, names in backticks set as code."""
    bare = str(text).strip()
    if bare:
        bare = bare[0].upper() + bare[1:] + ("" if bare[-1] in ".!?" else ".")
    # Each piece is escaped here: the mark-up is ours, the text between is not.
    pieces = [Markup("<code>{}</code>").format(part) if odd else escape(part) for odd, part in _alternating(bare)]
    return Markup("").join(pieces)


def _alternating(text: str) -> list[tuple[bool, str]]:
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick without its partner: left as it is
        return [(False, text)]
    return [(bool(at % 2), part) for at, part in enumerate(parts)]


def capital(text: str) -> str:
    """First letter large, underscores as spaces."""
    bare = str(text).replace("_", " ")
    return bare[:1].upper() + bare[1:]


FILTERS: Mapping[str, Callable[..., object]] = {
    "state": state,
    "tone": tone,
    "reason": reason_text,
    "when": when,
    "day": day,
    "number": as_text,
    "places": places_of,
    "short": short,
    "size": size,
    "plural": plural,
    "share": share_text,
    "evidence": evidence,
    "sentence": sentence,
    "capital_words": capital,
}
TESTS: Mapping[str, Callable[..., bool]] = {"withheld": is_withheld, "numeric": is_numeric}
