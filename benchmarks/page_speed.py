"""``python -m benchmarks.page_speed``: milliseconds to the first byte and weight of the pages, over a real socket.

A room in small (the pages' tests build it), served as ever; each page is asked for once cold and nine times warm. The
weight of Home counts what a first visit loads with it: style, icon, scripts.
"""

import re
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "tests" / part) for part in ("api", "api/pages")]

import small_room  # noqa: E402 - found by the line above

from api.auth import SESSION_COOKIE  # noqa: E402
from api.serving import quiet, served  # noqa: E402

PAGES = (
    "/",
    "/insights",
    "/insights/missing-denominator",
    "/reports",
    "/data",
    "/queries",
    "/runs",
    "/privacy",
    "/help",
)
WARM = 9
LIMIT_BYTES = 200_000


def main() -> int:
    """Print a line per page; 1 when the first page is too heavy."""
    quiet()
    with tempfile.TemporaryDirectory() as folder:
        case = small_room.make(Path(folder))
        try:
            secret = small_room.session_of(case, "solstice-analyst")
            with served(case.room) as url:
                return _measure(url, secret)
        finally:
            case.room.close()


def _measure(url: str, secret: str) -> int:
    print("page | first byte cold, ms | warm median, ms | bytes")
    for address in PAGES:
        cold, body = _ask(url + address, secret)
        warm = sorted(_ask(url + address, secret)[0] for _ in range(WARM))[WARM // 2]
        print(f"{address} | {cold:.1f} | {warm:.1f} | {len(body)}")
    home = _ask(url + "/", secret)[1]
    loaded = set(re.findall(rb'(?:href|src)="(/static/[^"]+)"', home))
    weight = len(home) + sum(len(_ask(url + address.decode(), secret)[1]) for address in loaded)
    print(f"first visit of Home with all it loads: {weight} bytes (limit {LIMIT_BYTES})")
    return int(weight > LIMIT_BYTES)


def _ask(address: str, secret: str) -> tuple[float, bytes]:
    """Milliseconds to the first byte, and the body."""
    request = urllib.request.Request(address, headers={"Cookie": f"{SESSION_COOKIE}={secret}"})  # noqa: S310 - our own
    began = time.perf_counter()
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own
        first = answer.read(1)
        taken = 1000 * (time.perf_counter() - began)
        return taken, first + answer.read()


if __name__ == "__main__":
    sys.exit(main())
