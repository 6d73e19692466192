"""A second opinion: Great Expectations over the first rows of a file, in a worker, beside the one-pass gate.

The gate decides; the suite, compiled from the same rules, is the evidence that it decided right. Where the two count
differently the report says so by rule id. The worker is started once and reused; it gets rows and rules through a
pipe and answers with counts.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec

import duckdb
import pyarrow as pa

from cleanroom.quality.report import Evidence
from cleanroom.quality.rules import RowRule
from cleanroom.quality.wire import read_frame, rules_to_json, write_frame
from cleanroom.vault.package_file import TABLE
from cleanroom.vault.stage import Staged, breaks

CHECKED_ROWS = 50_000
_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The first rows of a file, the rules, and what the gate counted in them; self-contained, so it can be asked later."""

    rules: bytes = field(repr=False)
    rows: bytes = field(repr=False)
    checked_rows: int
    gate: Mapping[str, int]


def question(connection: duckdb.DuckDBPyConnection, staged: Staged, rules: Sequence[RowRule]) -> Question:
    """What to ask about the registered package, taken while its session is open."""
    names = ", ".join('"' + name.replace('"', '""') + '"' for name in sorted(staged.present))
    rows = connection.execute(f"SELECT {names} FROM {TABLE} WHERE file_row_number < {CHECKED_ROWS}").to_arrow_table()
    return Question(
        rules=rules_to_json(rules),
        rows=_stream(rows),
        checked_rows=rows.num_rows,
        gate=_gate_counts(connection, staged, rules),
    )


class EvidenceWorker:
    """A Great Expectations process, started at first use. One request at a time; ``close`` ends it."""

    def __init__(self, *, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def check(self, connection: duckdb.DuckDBPyConnection, staged: Staged, rules: Sequence[RowRule]) -> Evidence:
        """Run the suite over the first rows of the registered package and compare it with the staged facts."""
        return self.answer(question(connection, staged, rules)) if is_installed() else Evidence(state="not installed")

    def answer(self, asked: Question) -> Evidence:
        """What the suite says about ``asked``."""
        if not is_installed():
            return Evidence(state="not installed")
        with self._lock:
            counts = self._ask(asked.rules, asked.rows)
        if counts is None:
            return Evidence(state="failed", checked_rows=asked.checked_rows)
        differ = tuple(sorted(rule for rule, count in asked.gate.items() if counts.get(rule) != count))
        return Evidence(
            state="disagreed" if differ else "agreed",
            checked_rows=asked.checked_rows,
            expectations=len(asked.gate),
            held=sum(1 for count in counts.values() if count == 0),
            disagreements=differ,
        )

    def close(self) -> None:
        """End the worker; it holds nothing that must be saved."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _ask(self, rules: bytes, rows: bytes) -> Mapping[str, int] | None:
        process = self._started()
        # A suite that hangs is killed: reading then ends, and the next request starts a new worker.
        watch = threading.Timer(self._seconds, process.kill)
        watch.start()
        try:
            assert process.stdin is not None  # noqa: S101  # opened as pipes below
            assert process.stdout is not None  # noqa: S101
            write_frame(process.stdin, rules)
            write_frame(process.stdin, rows)
            answer = read_frame(process.stdout)
        except OSError:
            answer = None
        finally:
            watch.cancel()
        if answer is None:
            self.close()
            return None
        counts = json.loads(answer).get("counts")
        return {str(rule): int(count) for rule, count in counts.items()} if isinstance(counts, dict) else None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(  # our own module, no input in the command
                [sys.executable, "-m", "cleanroom.quality.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process


def is_installed() -> bool:
    """Whether the extra with Great Expectations is there."""
    return find_spec("great_expectations") is not None


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _gate_counts(connection: duckdb.DuckDBPyConnection, staged: Staged, rules: Sequence[RowRule]) -> Mapping[str, int]:
    if not staged.tallies:
        return {rule.id: 0 for rule in rules}
    each = ", ".join(f"count(*) FILTER ({breaks(staged.rules, rule.id)})" for rule in rules)
    # Facts and file are numbered alike unless the package brings its own numbers; then the file's order is the facts'.
    row = connection.execute(f"SELECT {each} FROM facts WHERE _at < {CHECKED_ROWS}").fetchone() or ()
    return {rule.id: int(count) for rule, count in zip(rules, row, strict=True)}
