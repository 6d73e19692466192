"""A season of daily files, in random order, from two senders at once, with kill -9 of senders and server on the way.

    python -m benchmarks.soak_daily_files --files 305 --rows 1500 --kills 40

Every process is the real command line: ``cleanroom serve`` and two ``cleanroom data push``, which share a tenth of their
files. A killed one is started again, a sender with what it had not seen committed. At the end the vault must hold what
DuckDB makes of the same files read in order, every content must have exactly one snapshot, every receipt must account
for every line, and no upload may be left open. Exits 1 where anything differs.
"""

import argparse
import queue
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from api.room import Room
from benchmarks.daily_files import MAPPING, DailyFile, write_daily_files
from benchmarks.soak_verdict import Verdict, verdict
from tests.flows.feed import join_retailer

_CLI = (sys.executable, "-c", "from api.cli.main import main; main()")
_TEMPORARY = 6
_PATIENCE_SECONDS = 180.0
Event = tuple["Sender", str | None]
"""A line that a sender said, or None when it ended."""


@dataclass(kw_only=True)
class Sender:
    """One feed: the files it has to send and has not yet seen committed."""

    left: list[Path]
    shop: Path
    events: "queue.Queue[Event]"
    process: subprocess.Popen[str] | None = None
    killed: int = 0
    troubles: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Send what is left, in a process of its own."""
        names = [str(path) for path in self.left]
        mapping, profile = self.shop / "sales.yaml", self.shop / "profile.json"
        options = ["--dataset", "sales", "--mapping", str(mapping), "--mode", "upsert", "--profile-file", str(profile)]
        self.process = subprocess.Popen(
            [*_CLI, "data", "push", *names, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        threading.Thread(target=self._listen, args=(self.process,), daemon=True).start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.events.put((self, line))
        process.wait()
        self.events.put((self, None))

    def hear(self, line: str) -> None:
        """Cross off a file that is committed; keep what else was said."""
        name, _, said = line.partition(": ")
        if said.startswith("committed"):
            self.left = [path for path in self.left if path.name != name]
        else:
            self.troubles.append(line.strip())


class Server:
    """``cleanroom serve`` as a process that may be killed and comes back at the same port."""

    def __init__(self, room: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._room, self.killed = room, 0
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Serve, and return when it answers."""
        command = [*_CLI, "serve", "--room", str(self._room), "--port", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if httpx2.get(f"{self.url}/healthz", trust_env=False).is_success:
                    return
            except httpx2.HTTPError:
                time.sleep(0.05)
        raise RuntimeError(f"the room did not answer; exit code {self._process.poll()}")

    def kill(self) -> None:
        """kill -9, and start again."""
        self.end(signal.SIGKILL)
        self.killed += 1
        self.start()

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal and wait for the end."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(_PATIENCE_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """What happened, and whether the end is right."""

    files: int
    seconds: float
    sender_kills: int
    server_kills: int
    restarts: int
    verdict: Verdict


def soak(folder: Path, *, files: int, rows: int, kills: int, seed: int, every_seconds: tuple[float, float]) -> Soaked:
    """Run it in ``folder``, a new kill after each pause drawn from ``every_seconds``, a third of them of the server."""
    chance = random.Random(seed)  # noqa: S311 - a plan that can be repeated
    made = write_daily_files(folder / "drops", files=files, rows=rows, seed=seed)
    (folder / "sales.yaml").write_text(MAPPING)
    server = Server(folder / "room")
    with Room.create(folder / "room", name="pier") as room:
        join_retailer(room, folder, server.url)
    started = time.monotonic()
    server.start()
    senders = _senders(folder, made, chance)
    try:
        restarts = _run(senders, server, kills, every_seconds, chance)
        found = verdict(folder, server.url, made)
    finally:
        for sender in senders:
            if sender.process is not None and sender.process.poll() is None:
                sender.process.kill()
        server.end()
    return Soaked(
        files=len(made),
        seconds=time.monotonic() - started,
        sender_kills=sum(sender.killed for sender in senders),
        server_kills=server.killed,
        restarts=restarts,
        verdict=found,
    )


def _senders(folder: Path, made: Sequence[DailyFile], chance: random.Random) -> tuple[Sender, Sender]:
    """Two feeds in random order that share a tenth of the files."""
    paths = [file.path for file in made]
    chance.shuffle(paths)
    half, shared = len(paths) // 2, len(paths) // 10
    feeds = [paths[: half + shared], paths[half:]]
    events: queue.Queue[Event] = queue.Queue()
    for feed in feeds:
        chance.shuffle(feed)
    return (
        Sender(left=feeds[0], shop=folder, events=events),
        Sender(left=feeds[1], shop=folder, events=events),
    )


def _run(
    senders: tuple[Sender, Sender], server: Server, kills: int, every: tuple[float, float], chance: random.Random
) -> int:
    """Feed until both are done; how often a sender gave up by itself and was started again."""
    for sender in senders:
        sender.start()
    restarts, next_kill = 0, time.monotonic() + chance.uniform(*every)
    victims = [turn % 3 for turn in range(kills)]
    chance.shuffle(victims)
    while any(sender.left for sender in senders):
        try:
            sender, line = senders[0].events.get(timeout=max(0.0, next_kill - time.monotonic()) if victims else None)
        except queue.Empty:
            _kill(victims.pop(), senders, server)
            next_kill = time.monotonic() + chance.uniform(*every)
            continue
        if line is not None:
            sender.hear(line)
        elif sender.left:
            assert sender.process is not None
            code = sender.process.returncode
            if code not in (_TEMPORARY, -signal.SIGKILL):
                raise RuntimeError(f"a sender ended with {code}: {sender.troubles[-3:]}")
            restarts += code == _TEMPORARY
            sender.start()
    return restarts


def _kill(victim: int, senders: tuple[Sender, Sender], server: Server) -> None:
    if victim == len(senders):
        server.kill()
    elif (process := senders[victim].process) is not None and process.poll() is None:
        process.kill()
        senders[victim].killed += 1


def main() -> int:
    """Soak and say what came of it."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--files", type=int, default=305)
    arguments.add_argument("--rows", type=int, default=1500, help="lines a file, about")
    arguments.add_argument("--kills", type=int, default=40)
    arguments.add_argument("--seed", type=int, default=2026)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        every = (0.5, max(2.0, 3.0 * given.files / max(1, given.kills)))  # the kills are spread over the files
        done = soak(
            Path(folder), files=given.files, rows=given.rows, kills=given.kills, seed=given.seed, every_seconds=every
        )
    print(f"{done.files} files, {done.verdict.lines:,} lines, {done.seconds:.0f} s")
    print(f"kills: {done.sender_kills} of senders, {done.server_kills} of the server; restarts: {done.restarts}")
    print("lines: " + ", ".join(f"{count:,} {what}" for what, count in done.verdict.counts.items()))
    print(f"vault {done.verdict.held}, plain load {done.verdict.expected}")
    for problem in done.verdict.problems:
        print(f"WRONG: {problem}")
    print("as loaded in order" if not done.verdict.problems else "not as loaded in order")
    return 1 if done.verdict.problems else 0


if __name__ == "__main__":
    sys.exit(main())
