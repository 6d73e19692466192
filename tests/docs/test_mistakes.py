"""Natural mistakes: each is refused with a text that helps, and the next try is allowed."""

import pytest

from tests.docs.mistakes import MISTAKES, PAGE, answer, page


@pytest.mark.parametrize(("what", "wrong", "right"), MISTAKES, ids=[what for what, _, _ in MISTAKES])
def test_refused_with_help_and_then_allowed(what: str, wrong: str, right: str) -> None:
    """The refusal says what to do; what is typed next passes."""
    refused = answer(wrong)
    assert not refused.allowed
    assert all(violation.help or violation.rewrite for violation in refused.violations)
    offered = [one for one in refused.violations if one.rewrite and one.span is not None]
    # A dimension has one place in a refusal, and `s.sale_date` stands in SELECT and in GROUP BY.
    if len(offered) == len(refused.violations) and what != "groups by day":
        # Whoever takes all that is offered, from the end of the text on, needs no second look.
        for one in sorted(offered, key=lambda each: each.span.start if each.span else 0, reverse=True):
            assert one.span is not None
            wrong = wrong[: one.span.start] + (one.rewrite or "") + wrong[one.span.end :]
        assert [f"{v.code} {v.message}" for v in answer(wrong).violations] == []
    then = answer(right)
    assert [f"{v.code} {v.message}" for v in then.violations] == []


def test_the_page_shows_them() -> None:
    """docs/twenty-mistakes.md is what the room answers today."""
    assert len(MISTAKES) == 30
    assert PAGE.read_text("utf-8") == page()
