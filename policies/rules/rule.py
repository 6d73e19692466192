"""What a rule is: a name, a stable code, and a check that yields a violation per owner it offends."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cleanroom.errors import Span, Violation
from policies.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One refusing rule. ``name`` is its file's and its page's (``docs/rules/<name>.md``); ``code`` never changes."""

    name: str
    code: str
    check: Callable[[Case], Iterable[Violation]]

    def refusal(
        self,
        *,
        owner: str,
        message: str,
        help: str,  # noqa: A002 (the word of every refusal)
        span: Span | None = None,
        rewrite: str | None = None,
    ) -> Violation:
        """This rule's violation; a rewrite replaces the text at ``span``, so without one there is none."""
        return Violation(
            code=self.code,
            rule=self.name,
            owner=owner,
            message=message,
            help=help,
            span=span,
            rewrite=rewrite if span is not None else None,
        )
