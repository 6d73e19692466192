"""Detection proposes, with evidence, and asks where it cannot know."""

import io

import pytest

from connectors.detect import detect
from connectors.detect_dates import guess_dates
from tests.connectors.samples import CANARY, csv_bytes


def test_a_german_extract_is_read_as_one() -> None:
    """Semicolon, decimal comma, cp1252, a title above the header: each found and each with its evidence."""
    text = "Umsatzliste Köln\n\nBeleg;Datum;Ort;Preis\n" + "".join(
        f"B{at};{at + 1:02d}.01.2026;Köln;{at},50\n" for at in range(28)
    )
    proposal = detect(io.BytesIO(text.encode("cp1252")))
    assert (proposal.encoding, proposal.delimiter, proposal.decimal, proposal.header_row) == ("cp1252", ";", ",", 3)
    assert [(column.name, column.kind) for column in proposal.columns] == [
        ("Beleg", "text"),
        ("Datum", "date"),
        ("Ort", "text"),
        ("Preis", "number"),
    ]
    assert proposal.questions == ()
    assert "encoding `cp1252`: not UTF-8; all bytes exist in cp1252" in proposal.evidence


@pytest.mark.parametrize(
    ("texts", "formats", "ambiguous"),
    [
        (["2026-01-31", "2026-02-01"], ("%Y-%m-%d",), False),
        (["31/01/2026", "01/02/2026"], ("%d/%m/%Y",), False),
        (["01/31/26", "02/01/26"], ("%m/%d/%y",), False),
        (["01/02/2026", "12/11/2026"], ("%d/%m/%Y", "%m/%d/%Y"), True),
        (["05/05/2026", "07/07/2026"], ("%d/%m/%Y", "%m/%d/%Y"), False),
        (["5.1.2026 08:30", "31.12.2025 23:59"], ("%d.%m.%Y %H:%M",), False),
        (["20260131", "20260201"], ("%Y%m%d",), False),
        (["1/13/2026 9:05 AM"], ("%m/%d/%Y %I:%M %p",), False),
    ],
)
def test_dates_are_found_or_asked(texts: list[str], formats: tuple[str, ...], ambiguous: bool) -> None:
    """All days up to 12 mean a question, unless both readings agree."""
    guess = guess_dates(texts)
    assert guess is not None
    assert (guess.formats, guess.is_ambiguous) == (formats, ambiguous)


@pytest.mark.parametrize("texts", [["12345"], ["1.50", "2.75"], ["2026-02-30"], ["32/01/2026"], ["abc"], ["12:30"]])
def test_what_is_no_date_is_not_called_one(texts: list[str]) -> None:
    """Numbers, times and impossible days."""
    assert guess_dates(texts) is None


def test_ambiguity_is_a_question_and_never_an_answer() -> None:
    """The question names the column and both formats."""
    proposal = detect(io.BytesIO(b"id,day,amount\n1,03/04/2026,1.234\n2,05/06/2026,5.678\n"))
    assert proposal.questions == (
        "`day`: no day above 12 in the sample, so is it `%d/%m/%Y` or `%m/%d/%Y`?",
        "`amount`: every number has three digits after its mark: is the mark decimal or thousands?",
    )


def test_mixed_decimal_marks_are_asked() -> None:
    """Comma here and point there."""
    proposal = detect(io.BytesIO(b"a;b\n1,5;2.25\n3,75;4.5\n"))
    assert proposal.decimal is None
    assert "which is the decimal mark?" in proposal.questions[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "||", "~|", "::", "^", "\x1f"])
def test_delimiters_are_found(delimiter: str) -> None:
    """One and two characters, with quoted cells that hold them."""
    assert detect(io.BytesIO(csv_bytes(delimiter=delimiter))).delimiter == delimiter


def test_no_evidence_repeats_a_value() -> None:
    """INVARIANT I15: conventions and counts only."""
    assert CANARY not in repr(detect(io.BytesIO(csv_bytes())))
