"""How the front half refuses: one violation raised at the node it is about, collected per clause.

Inside ``queries`` a check raises ``Refusal``; the clause that asked catches it with ``Refusals.collecting`` and goes
on, so that as many violations as possible come back at once. Only ``PolicyRefused`` leaves the package.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from cleanroom.errors import PolicyRefused, Span, Violation

ROOM = "room"
"""The owner of grammar violations: no member's policy, the room's own language."""


class Refusal(Exception):  # a refusal is an answer, not a failure
    """One violation on its way to the clause that collects it; never leaves ``queries``."""

    def __init__(self, violation: Violation) -> None:
        super().__init__(violation.code)
        self.violation = violation


def refusal(
    code: str,
    rule: str,
    message: str,
    *,
    help: str,  # noqa: A002
    span: Span | None = None,
    rewrite: str | None = None,
) -> Refusal:
    """A grammar refusal, ready to raise."""
    return Refusal(Violation(code=code, rule=rule, owner=ROOM, message=message, help=help, span=span, rewrite=rewrite))


class Refusals:
    """Violations gathered while a text is checked, in the order they were met."""

    def __init__(self) -> None:
        self._found: list[Violation] = []

    @contextmanager
    def collecting(self) -> Iterator[list[Violation]]:
        """Catch one ``Refusal`` of the block and remember it; the list given holds it afterwards."""
        caught_here: list[Violation] = []
        try:
            yield caught_here
        except Refusal as caught:
            caught_here.append(caught.violation)
            self.add(caught.violation)

    def add(self, violation: Violation) -> None:
        """Remember ``violation`` unless the same was said before."""
        if violation not in self._found:
            self._found.append(violation)

    def __len__(self) -> int:
        return len(self._found)

    def raise_if_any(self) -> None:
        """Raise ``PolicyRefused`` with all violations, by place in the text, if there are any."""
        if self._found:
            raise PolicyRefused(tuple(sorted(self._found, key=_place)))


def _place(violation: Violation) -> tuple[int, str, str]:
    start = violation.span.start if violation.span else -1
    return start, violation.code, violation.message
