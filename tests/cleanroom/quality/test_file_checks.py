"""Checks on a file as a whole, on figures alone."""

from dataclasses import replace

import pytest

from cleanroom.quality.file_checks import FileContext, file_findings
from cleanroom.vault.commit import CommitNote, FileProfile, note_from_json

USUAL = FileProfile(
    rows=1000,
    first_day="2026-01-01",
    last_day="2026-01-01",
    fingerprint="f0",
    nulls={"buyer_token": 100},
    seen={"buyer_token": 600},
    profiles=("buyer_email=email.uid2@1",),
)
BEFORE = tuple(replace(USUAL, fingerprint=f"f{n}", last_day=f"2026-01-{n:02}") for n in range(1, 8))
NOW = replace(USUAL, fingerprint="f9", first_day="2026-01-09", last_day="2026-01-09")


def _codes(now: FileProfile, **values: object) -> list[tuple[str, str]]:
    context = FileContext(
        **{"now": now, "before": BEFORE, "appending": True, "broken": 0, "broken_columns": 0, **values}  # type: ignore[arg-type]
    )
    return [(finding.code, finding.severity) for finding in file_findings(context)]


def test_a_usual_file_has_no_finding() -> None:
    """Like the last ones: silence."""
    assert _codes(NOW) == []


@pytest.mark.parametrize(
    ("now", "values", "codes"),
    [
        (replace(NOW, rows=0), {}, [("CR-V030", "fatal"), ("CR-V034", "warning")]),
        (NOW, {"broken": 501, "broken_columns": 3}, [("CR-V031", "fatal")]),
        (NOW, {"broken": 501, "broken_columns": 1}, [("CR-V032", "fatal")]),
        (NOW, {"broken": 500}, []),
        (replace(NOW, fingerprint="f3"), {}, [("CR-V033", "fatal")]),
        (replace(NOW, fingerprint="f3"), {"appending": False}, [("CR-V033", "warning")]),
        (BEFORE[2], {}, []),
        (replace(NOW, first_day="2025-01-09"), {}, [("CR-V037", "warning")]),
        (replace(NOW, first_day="2025-12-15"), {}, []),
        (replace(NOW, rows=300), {}, [("CR-V034", "warning")]),
        (replace(NOW, rows=400), {}, []),
        (replace(NOW, nulls={"buyer_token": 900}), {}, [("CR-V035", "warning")]),
        (replace(NOW, seen={"buyer_token": 20}), {}, [("CR-V036", "warning")]),
    ],
)
def test_a_file_unlike_the_last_ones(now: FileProfile, values: dict[str, object], codes: list[tuple[str, str]]) -> None:
    """Empty, shifted, moved in time, shrunken, without tokens, matching nobody."""
    assert _codes(now, **values) == codes


def test_a_first_file_is_compared_with_nothing() -> None:
    """No history, no suspicion."""
    assert _codes(replace(NOW, rows=3, seen={}), before=()) == []


def test_a_note_survives_its_json() -> None:
    """What the lake keeps of a file is read back whole; foreign extra info is no note."""
    note = CommitNote(kind="append", file=USUAL)
    assert note_from_json(note.to_json()) == note
    assert note_from_json('{"x": 1}') is None
