"""A sample of text -> the delimiter and the header row it most likely has. Proposes; never decides."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from connectors.formats.records import Blocks, CarefulReader, Cells, Dialect, Parsed, lines
from connectors.limits import Limits

_CANDIDATES = (
    *(",", ";", "\t", "|", "||", "~", "^", "~|", "|~", "::", ";;", "##"),
    *("^^", "~~", "$$", "@@", "%%", "|;", "§", "\x1f", "\x01"),
)
_SAMPLE_RECORDS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A dialect, the 1-based line of its header, and the evidence as counts."""

    dialect: Dialect
    header_row: int
    columns: int
    agreeing_records: int
    sampled_records: int


def guess_dialect(sample: str, *, quote: str, escape: str | None, delimiter: str | None, limits: Limits) -> Guess:
    """The best reading of ``sample``; the delimiter is kept if given. A sample of one column reads as ``,``."""
    candidates = (delimiter,) if delimiter else tuple(c for c in _CANDIDATES if c in sample) or (",",)
    guesses = [_try(sample, Dialect(delimiter=c, quote=quote, escape=escape), limits) for c in candidates]
    return max(guesses, key=_score)


def _score(guess: Guess) -> tuple[bool, float, int, int]:
    # A doubled character also reads as its single form with empty columns between: the longer delimiter wins ties.
    share = guess.agreeing_records / max(guess.sampled_records, 1)
    doubled = len(guess.dialect.delimiter)
    return guess.columns > 1, round(share, 1), doubled, guess.columns


def _try(sample: str, dialect: Dialect, limits: Limits) -> Guess:
    records = [
        (number, cells)
        for number, cells, ended in islice(_parsed(sample, dialect, limits), _SAMPLE_RECORDS)
        if not isinstance(cells, str) and any(cell.strip() for cell in cells) and (ended or number == 1)
    ]
    if not records:
        return Guess(dialect=dialect, header_row=1, columns=1, agreeing_records=0, sampled_records=0)
    widths = Counter(len(cells) for _, cells in records)
    width, _ = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]))
    header = next((number for number, cells in records if _could_be_header(cells, width)), records[0][0])
    return Guess(
        dialect=dialect,
        header_row=header,
        columns=width,
        agreeing_records=widths[width],
        sampled_records=len(records),
    )


def _parsed(sample: str, dialect: Dialect, limits: Limits) -> Iterator[Parsed]:
    reader = CarefulReader(dialect, limits, Blocks(lines(iter([sample.encode("utf-8", "surrogateescape")]), limits)))
    while records := reader.read():
        yield from records


def _could_be_header(cells: Cells, width: int) -> bool:
    """Whether a record has the usual width and most of its cells are filled (a title line has one)."""
    filled = sum(1 for cell in cells if cell.strip())
    return width - 1 <= len(cells) <= width and (width == 1 or filled * 2 > width)


def header_names(cells: Sequence[str | None], reserved: str) -> tuple[tuple[str, ...], int]:
    """Usable column names and how many had to be changed: empty ones are numbered, repeated ones get ``_2``.

    Names differ by more than case, because SQL engines do not tell case apart.
    """
    names: list[str] = []
    seen: set[str] = {reserved}
    changed = 0
    for place, cell in enumerate(cells, start=1):
        plain = " ".join((cell or "").replace("\ufeff", "").replace("\0", "").split())
        name, count = plain or f"column_{place}", 1
        while name.lower() in seen:
            count += 1
            name = f"{plain or f'column_{place}'}_{count}"
        seen.add(name.lower())
        names.append(name)
        changed += name != plain
    return tuple(names), changed
