"""A room served over HTTP: in this thread until stopped, or beside it for as long as a block lasts."""

import logging
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn

from api.app import create_app
from api.pages.chart_view import make_library
from api.room import Room
from cleanroom.errors import Unavailable

_QUIET_SECONDS = 15.0
"""After the start, so that whoever waits for the first page does not share the processor with work nobody asked for yet."""


def serve_room(room: Room, *, host: str, port: int) -> None:
    """Serve until interrupted.

    Raises:
        Unavailable: CR-A060 the address is taken.
    """
    listening = _listen(host, port)
    made = threading.Timer(_QUIET_SECONDS, make_library)
    made.daemon = True
    made.start()
    try:
        uvicorn.Server(_config(room)).run(sockets=[listening])
    finally:
        made.cancel()


@contextmanager
def served(room: Room, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """The address of ``room``, served in a thread of this process while the block lasts; port 0 takes a free one."""
    listening = _listen(host, port)
    server = uvicorn.Server(_config(room))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="http", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def quiet() -> None:
    """Keep what the server says about single requests out of a command's own output; warnings still come through."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _config(room: Room) -> uvicorn.Config:
    # Access lines would carry addresses that clients chose; the app logs routes itself (I15).
    return uvicorn.Config(create_app(room), access_log=False, log_level="warning", server_header=False)


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise Unavailable(
            "CR-A060", "this address is taken or cannot be used", help="choose another with --port"
        ) from None
    listening.listen(128)
    return listening
