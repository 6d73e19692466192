"""A short run of the long fuzz: every mutated text ends as a shape or a refusal, in bounded time."""

import random
import time

from benchmarks.fuzz_queries import SEEDS, mutate, run_one


def test_mutated_texts_end_as_a_shape_or_a_refusal() -> None:
    """INVARIANT I9: no exception but a refusal leaves the front half, and nothing hangs."""
    random_ = random.Random(20)  # noqa: S311  # repeatable on purpose
    outcomes = set()
    for _ in range(1_500):
        text = mutate(random_, random_.choice(SEEDS))
        start = time.perf_counter()
        outcomes.add(run_one(text))
        assert time.perf_counter() - start < 2.0, text
    assert "shape" in outcomes
    assert len(outcomes) > 15
