"""Running one thread ahead changes when things happen, never what happens."""

import threading
from collections.abc import Iterator

import pytest

from connectors.ahead import ahead


def test_items_arrive_in_order() -> None:
    """All of them, once."""
    assert list(ahead(iter(range(100)), depth=1)) == list(range(100))


def test_exceptions_arrive_after_the_items_before_them() -> None:
    """The consumer sees the producer's exception, not a short stream."""

    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    stream = ahead(failing())
    assert next(stream) == 1
    with pytest.raises(ValueError, match="broken"):
        next(stream)


def test_leaving_early_stops_the_other_thread() -> None:
    """No thread goes on reading a file that nobody wants."""
    before = threading.active_count()
    stream = ahead(iter(range(10_000)), depth=1)
    assert next(stream) == 0
    stream.close()
    assert threading.active_count() == before
