"""The published OpenAPI document and the application agree, also for requests nobody would send."""

from collections.abc import Iterator

import pytest
import schemathesis
from api_case import Case
from hypothesis import HealthCheck, given, settings

from api.app import create_app
from api.limits import RateLimiter
from cleanroom.state import UserRole


@pytest.fixture(scope="module")
def roomy(made_once: Case, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A room with one person who may do everything a person may."""
    copied = made_once.copied(tmp_path_factory.mktemp("schema"))
    with copied.room.state.change(copied.who("harbor-operator").actor, copied.clock.now()) as tx:
        tx.users.set_roles("harbor-operator", tuple(UserRole))  # type: ignore[arg-type]
    yield copied
    copied.room.close()


def test_no_request_makes_the_room_fail(roomy: Case) -> None:
    """For every operation: no 5xx, and every failure is a problem; a handful of generated requests each."""
    app = create_app(roomy.room, threads=0, limiter=RateLimiter(requests="100000/minute", failed="100000/minute"))
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", app)
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        _try(operation, roomy)
        tried += 1
    assert tried > 50


def _try(operation: schemathesis.APIOperation, roomy: Case) -> None:  # type: ignore[name-defined]
    headers = {"Authorization": f"Bearer {roomy.tokens['harbor-operator']}"}

    @given(request=operation.as_strategy())
    @settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    def send(request: schemathesis.Case) -> None:
        answer = request.call(headers=headers)
        assert answer.status_code < 500, operation.label
        if answer.status_code >= 400 and request.method != "HEAD":
            assert answer.headers["content-type"][0].startswith("application/problem+json"), operation.label

    send()
