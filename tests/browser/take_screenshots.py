"""`make screenshots`: every page as each role sees it, in one browser, several at a time; no checks, the tests have them.

python tests/browser/take_screenshots.py FOLDER
"""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path[:0] = [str(Path(__file__).parents[1] / part) for part in ("api", "api/pages", "..")]

import small_room  # noqa: E402 - found by the line above
from browser_pages import ALL_LOOKS, CHROMIUM, FLAGS, LOOKS, PAGES, addresses_in, is_looked_at  # noqa: E402
from playwright.async_api import Browser, async_playwright  # noqa: E402

from api.auth import SESSION_COOKIE  # noqa: E402
from api.pages.chart_view import make_library  # noqa: E402
from api.serving import quiet, served  # noqa: E402

_AT_ONCE = 4
"""Contexts: more do not pay on two cores."""


async def _take(browser: Browser, url: str, sessions: Mapping[str, str], ids: Mapping[str, str], folder: Path) -> int:
    free = asyncio.Semaphore(_AT_ONCE)

    async def one(user: str | None, look: str) -> int:
        dark, (width, height) = ALL_LOOKS[look]
        names = [name for name, (who, _) in PAGES.items() if who == user and (look in LOOKS or is_looked_at(name))]
        async with free:
            context = await browser.new_context(
                base_url=url,
                color_scheme="dark" if dark else "light",
                viewport={"width": width, "height": height},
            )
            if user is not None:
                cookie = {"name": SESSION_COOKIE, "value": sessions[user], "url": url, "sameSite": "Strict"}
                await context.add_cookies([cookie])  # type: ignore[list-item]
            page = await context.new_page()
            for name in names:
                await page.goto(PAGES[name][1].format(**ids))
                await page.screenshot(path=folder / f"{name}-{look}.png", full_page=True)
            await context.close()
        return len(names)

    users = dict.fromkeys(user for user, _ in PAGES.values())
    return sum(await asyncio.gather(*(one(user, look) for user in users for look in ALL_LOOKS)))


async def _main(folder: Path) -> None:
    quiet()
    make_library()
    with TemporaryDirectory() as made:
        case = small_room.make(Path(made))
        sessions = {user: small_room.session_of(case, user) for user, _ in PAGES.values() if user is not None}
        with served(case.room) as url:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
                taken = await _take(browser, url, sessions, addresses_in(case), folder)
                await browser.close()
        case.room.close()
    sys.stdout.write(f"{taken} screenshots in {folder}\n")


if __name__ == "__main__":
    _FOLDER = Path(sys.argv[1])
    _FOLDER.mkdir(parents=True, exist_ok=True)
    asyncio.run(_main(_FOLDER))
