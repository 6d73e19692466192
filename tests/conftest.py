"""Property tests explore anew on a developer's machine and repeat themselves in CI, so that a landing is not a lottery."""

import os

from hypothesis import settings

settings.register_profile("explore")
settings.register_profile("repeat", derandomize=True)
settings.load_profile("repeat" if os.environ.get("CI") else "explore")
