"""Every command of the README runs as it is written, on files a reader would have."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

ROOT = Path(__file__).resolve().parents[2]
_ORDERS = """Order ID;Line;Order Date;Store;SKU;Model;Brand;Serial;Quantity;Unit Price;Net Amount;Email
A1;1;31.01.2026;S1;WM-1;SX-100;Solstice;SX100-1;1;399,00;379,00;jane.doe@example.com
A2;1;31.01.2026;S1;WM-1;SX-100;Solstice;SX100-2;1;399,00;399,00;
A3;1;14.02.2026;S2;WM-1;SX-100;Solstice;SX100-3;1;399,00;399,00;joe@example.org
"""
_SALES_POLICY = """apiVersion: cleanroom/v1
kind: DataPolicy
member: harbor
dataset: sales
version: 1
privacy_unit: buyer_token
minimum_units: 25
queriers: [solstice]
receivers: [solstice, harbor]
purposes: [warranty]
mode: ad_hoc
joins: {required: true, columns: [unit_token], with: [claims]}
columns:
  region: {allow: [dimension, filter]}
  unit_token: {allow: [count_distinct]}
zeros: release
expires: 2099-12-31
"""
_CLAIMS_POLICY = """apiVersion: cleanroom/v1
kind: DataPolicy
member: solstice
dataset: claims
version: 1
privacy_unit: owner_token
minimum_units: 10
queriers: [solstice]
receivers: [solstice, harbor]
purposes: [warranty]
mode: ad_hoc
joins: {required: false, columns: [unit_token], with: [sales]}
columns:
  claim_id: {allow: [count]}
zeros: release
expires: 2099-12-31
"""
_NEVADA = "Sold,Units,Jul,Aug,Sep\nJun,100,3,3,5\nJul,140,-,2,4\nAug,150,-,-,4\n"


def blocks(document: Path) -> list[str]:
    """The ``sh`` blocks of a page, in order."""
    return re.findall(r"^```sh\n(.*?)^```", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Path]:
    """A reader's folder, with files; servers started in it are stopped at the end."""
    (tmp_path / "orders.csv").write_text(_ORDERS)
    (tmp_path / "nevada.csv").write_text(_NEVADA)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "sales.yaml").write_text(_SALES_POLICY)
    (tmp_path / "policies" / "claims.yaml").write_text(_CLAIMS_POLICY)
    return tmp_path


def environment(desk: Path) -> dict[str, str]:
    """The reader's environment: this interpreter's commands first, a home of its own."""
    known = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    commands = str(Path(sys.executable).parent)
    return known | {
        "PATH": f"{commands}:{os.environ['PATH']}",
        "HOME": str(desk),
        "XDG_CONFIG_HOME": str(desk / "config"),
    }


def run(command: str, desk: Path) -> str:
    """What ``command`` prints; it must succeed."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=desk,
        env=environment(desk),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_two_commands_stand_first() -> None:
    """The first block is the two commands, and the Makefile has both."""
    first = blocks(ROOT / "README.md")[0]
    assert [line.split()[:2] for line in first.splitlines()] == [["make", "demo"], ["make", "test"]]
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^demo:", makefile, re.MULTILINE)
    assert re.search(r"^test:", makefile, re.MULTILINE)


def test_the_readers_first_ten_minutes(desk: Path) -> None:
    """Room, members, keys, mapping, push, history, checks and insights, command by command."""
    port = free_port()
    server: subprocess.Popen[bytes] | None = None
    seen: dict[str, str] = {}
    try:
        for block in blocks(ROOT / "README.md")[1:]:
            for line in block.splitlines():
                command = line.replace("8000", str(port))
                if command.startswith("cleanroom serve"):
                    server = subprocess.Popen(
                        ["bash", "-c", f"exec {command}"], cwd=desk, env=environment(desk), stderr=subprocess.DEVNULL
                    )
                    wait_for(f"http://127.0.0.1:{port}/healthz")
                else:
                    seen[" ".join(command.split()[:3])] = run(command, desk)
    finally:
        if server is not None:
            server.terminate()
            server.wait(timeout=20)
    assert "sale_date" in (desk / "sales.mapping.yaml").read_text()
    assert "committed" in seen["cleanroom data push"]
    assert re.search(r"\b3\b", seen["cleanroom data history"])
    assert "allowed" in seen["cleanroom query check"]
    assert seen["cleanroom insight run"].startswith("shape 2.4928, scale 6.6951")


def wait_for(url: str) -> None:
    """Return when ``url`` answers; fail after half a minute."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            if httpx2.get(url, trust_env=False).is_success:
                return
        except httpx2.HTTPError:
            time.sleep(0.1)
    pytest.fail("the room did not answer")
