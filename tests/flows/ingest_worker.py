"""A process of its own that pushes files, and may be told to die by SIGKILL after a numbered step.

A push is ``UPLOAD:START:STOP``: the same row numbers are the same rows, so a re-send is the same file. Counts go to
``<folder>/<name>.counts``, a line per push.
"""

import os
import signal
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from cleanroom.ingest import ingest
from tests.cleanroom.ingest.rig import Rig, sale


def push_files(folder: Path, name: str, step: str, pushes: Sequence[str]) -> None:
    """Push each of ``pushes``; die after ``step`` of the first one."""
    rig = Rig.make(folder)

    def checkpoint(done: str) -> None:
        if done == step:
            os.kill(os.getpid(), signal.SIGKILL)

    with (folder / f"{name}.counts").open("a") as log:
        for push in pushes:
            upload, start, stop = push.split(":")
            package, manifest = rig.package([sale(n) for n in range(int(start), int(stop))])
            receipt = ingest(rig.job(package, upload), rig.vault, rig.tools(manifest, checkpoint)).receipt
            counts = (f"{kind}={count}" for kind, count in asdict(receipt.counts).items() if count)
            log.write(" ".join(counts) + "\n")
