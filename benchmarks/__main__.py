"""``python -m benchmarks``: every benchmark at its default size, one after the other."""

import subprocess
import sys

_ALL = ("query_ratio", "load_ratio", "upload_ratio", "ledger_speed", "check_speed", "page_speed")


def main() -> int:
    """Run them; the worst exit code."""
    codes = []
    for name in _ALL:
        print(f"== {name}", flush=True)
        codes.append(subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
