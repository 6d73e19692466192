"""Real receivers for deliveries: an HTTP server that can misbehave, and an SMTP server in a process of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from smtplib import SMTP
from threading import Thread

_SMTP = """
import sys
from pathlib import Path
from aiosmtpd.controller import UnthreadedController
import asyncio

class Keep:
    def __init__(self, folder): self.folder, self.count = Path(folder), 0
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 no such box canary-550"
        if address.startswith("later"):
            return "451 come back canary-451"
        envelope.rcpt_tos.append(address)
        return "250 OK"
    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        (self.folder / f"{self.count:03}.eml").write_bytes(envelope.content)
        (self.folder / f"{self.count:03}.to").write_text(" ".join(envelope.rcpt_tos))
        return "250 kept"

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
controller = UnthreadedController(Keep(sys.argv[1]), hostname="127.0.0.1", port=0, loop=loop)
controller.begin()
print(controller.server.sockets[0].getsockname()[1], flush=True)
loop.run_forever()
"""


@dataclass
class Hook:
    """A webhook's receiver. ``script`` holds what to answer, one status per request; then 200. 0 hangs up unanswered."""

    url: str = ""
    script: list[int] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def documents(self) -> list[dict[str, object]]:
        """Bodies, read."""
        return [json.loads(body) for _, body in self.heard]


@contextmanager
def webhook() -> Iterator[Hook]:
    """An HTTP server on a port of its own."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status = hook.script.pop(0) if hook.script else 200
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{hook.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def mail_server(folder: Path) -> Iterator[int]:
    """An SMTP server in its own process that keeps every mail in ``folder``; its port."""
    folder.mkdir()
    process = subprocess.Popen([sys.executable, "-c", _SMTP, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None:
            raise AssertionError("its output is a pipe")
        port = int(process.stdout.readline())
        _until_it_answers(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def _until_it_answers(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            with SMTP("127.0.0.1", port, timeout=5) as connection:
                connection.noop()
                return
        except OSError:
            continue
    raise AssertionError("the mail server did not answer")
