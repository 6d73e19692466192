"""The process that runs Great Expectations: started by ``evidence``, fed by a pipe, answers with counts only.

Importing Great Expectations takes seconds and 280 MB, so it happens here, once, and never in the room's own process.
A request is two frames (8-byte length, bytes): rules as JSON, rows as an Arrow stream. The answer is one frame: JSON
``{"counts": {rule: rows}}`` or ``{"failed": true}``; whatever went wrong is not told, its text may quote a value.
Rows stay in this process's memory: the session has no temporary directory.
"""

import contextlib
import json
import os
import sys
from typing import BinaryIO

import duckdb
import pyarrow as pa

from cleanroom.quality.wire import read_frame, rules_from_json, write_frame


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the pipe closes."""
    while (rules := read_frame(requests)) is not None:
        rows = read_frame(requests)
        if rows is None:
            return
        write_frame(answers, _answer(rules, rows))


def _answer(rules: bytes, rows: bytes) -> bytes:
    try:
        from cleanroom.quality.suite import TABLE, run_suite

        with duckdb.connect(config={"temp_directory": "", "memory_limit": "1GB", "threads": 1}) as connection:
            connection.register("incoming", pa.ipc.open_stream(rows).read_all())
            connection.execute(f"CREATE TABLE {TABLE} AS SELECT * FROM incoming")
            return json.dumps({"counts": run_suite(connection, rules_from_json(rules))}).encode()
    except Exception:  # noqa: BLE001  # Great Expectations raises anything; its texts quote cells
        return b'{"failed": true}'


def main() -> None:
    """Serve on a private copy of standard output: libraries that print must not speak into the answers."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    with contextlib.suppress(BrokenPipeError):
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
