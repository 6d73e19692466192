"""Randomness with a seed, in the shape the keyring takes it."""

import random
from collections.abc import Callable


def seeded(seed: int) -> Callable[[int], bytes]:
    """Bytes that are the same in every run."""
    return random.Random(seed).randbytes  # noqa: S311 - seeded, for tests
