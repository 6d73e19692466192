"""Fixtures of the pages' tests: one room for all that only read, a room of its own for a test that changes something."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import small_room
from api_case import Case
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.auth import SESSION_COOKIE
from api.limits import RateLimiter

ORIGIN = "http://testserver"


@pytest.fixture(scope="session")
def made_small(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The small room, closed, to be copied."""
    made = small_room.make(tmp_path_factory.mktemp("pages"))
    made.room.close()
    return made


@pytest.fixture(scope="module")
def shared(made_small: Case, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A copy for the tests of one module that change nothing."""
    copied = made_small.copied(tmp_path_factory.mktemp("shared"))
    yield copied
    copied.room.close()


@pytest.fixture
def own(made_small: Case, tmp_path: Path) -> Iterator[Case]:
    """A copy of the test's own."""
    copied = made_small.copied(tmp_path)
    yield copied
    copied.room.close()


@pytest.fixture(scope="session")
def browse() -> Callable[[Case, str], TestClient]:
    """A browser with somebody's session; the sign-in form itself has tests of its own."""

    apps: dict[Path, FastAPI] = {}

    def signed_in(case: Case, user: str) -> TestClient:
        often = RateLimiter(requests="100000/minute", failed="1000/minute")  # more pages than a person opens a minute
        app = apps.get(case.folder) or create_app(case.room, threads=0, limiter=often)
        apps[case.folder] = app
        client = TestClient(app, base_url=ORIGIN, headers={"Origin": ORIGIN}, raise_server_exceptions=False)
        client.cookies.set(SESSION_COOKIE, small_room.session_of(case, user))
        return client

    return signed_in
