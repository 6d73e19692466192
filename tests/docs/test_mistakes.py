"""Twenty natural mistakes: each is refused with a text that helps, and the next try is allowed."""

import pytest

from tests.docs.mistakes import MISTAKES, PAGE, answer, page


@pytest.mark.parametrize(("what", "wrong", "right"), MISTAKES, ids=[what for what, _, _ in MISTAKES])
def test_refused_with_help_and_then_allowed(what: str, wrong: str, right: str) -> None:
    """The refusal says what to do; what is typed next passes."""
    refused = answer(wrong)
    assert not refused.allowed
    assert all(violation.help or violation.rewrite for violation in refused.violations)
    then = answer(right)
    assert [f"{v.code} {v.message}" for v in then.violations] == []


def test_there_are_twenty_and_the_page_shows_them() -> None:
    """docs/twenty-mistakes.md is what the room answers today."""
    assert len(MISTAKES) == 20
    assert PAGE.read_text("utf-8") == page()
