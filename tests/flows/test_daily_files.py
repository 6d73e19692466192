"""A season in small: files in random order from two senders at once, kill -9 of senders and server, and the table is right."""

from pathlib import Path

from benchmarks.soak_daily_files import soak


def test_random_order_two_senders_and_kills_end_as_loaded_in_order(tmp_path: Path) -> None:
    """INVARIANT I6: one snapshot for each content, every line accounted for, rows as a plain load in order."""
    done = soak(tmp_path, files=12, rows=40, kills=3, seed=4, every_seconds=(0.5, 2.5))
    assert done.verdict.problems == ()
    assert done.verdict.held == done.verdict.expected
    assert (done.files, done.server_kills) == (12, 1)
    assert {"inserted", "changed", "duplicate", "quarantined", "rejected", "skipped"} <= set(done.verdict.counts)
