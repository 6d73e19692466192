"""What the browser's tests share: the served room, and what is watched on every page."""

from collections.abc import Callable
from dataclasses import dataclass, field

from api_case import Case
from playwright.sync_api import ConsoleMessage, Page, Request

WIDE = (1280, 860)
NARROW = (390, 844)
STEP_MS = 20_000


@dataclass
class Place:
    """The served room."""

    case: Case
    url: str


@dataclass
class Watched:
    """What went wrong in any page of a test."""

    url: str
    wrong: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Listen to a page."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.wrong.append(f"script: {error.message}"))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if "policy" in message.text.lower():
            self.wrong.append(message.text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "blob:", "data:")):
            self.wrong.append(f"request to elsewhere: {request.url}")


Visit = Callable[..., Page]
"""``visit(user, dark=False, size=WIDE, scripts=True)``: a page of somebody who is signed in; None is nobody."""
