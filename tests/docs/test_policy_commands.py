"""Policies to start from, and policies from elsewhere, through the command line."""

import json
import subprocess
import sys
from pathlib import Path

_RULE = {
    "aggregation": {
        "aggregateColumns": [{"columnNames": ["unit_token"], "function": "COUNT_DISTINCT"}],
        "joinColumns": ["unit_token"],
        "joinRequired": "QUERY_RUNNER",
        "dimensionColumns": ["region"],
        "scalarFunctions": [],
        "outputConstraints": [{"columnName": "buyer_token", "minimum": 50, "type": "COUNT_DISTINCT"}],
    }
}


def cleanroom(*arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
    """One command, in ``at``."""
    command = [str(Path(sys.executable).with_name("cleanroom")), *arguments]
    return subprocess.run(command, cwd=at, capture_output=True, text=True, timeout=120, check=False)


def test_a_pack_is_written_and_holds(tmp_path: Path) -> None:
    """A shipped pack, filled in, passes `policy check` as it is."""
    names = json.loads(cleanroom("policy", "pack", "--json", at=tmp_path).stdout)
    assert "warranty-baseline" in names
    for name in names:
        made = cleanroom(
            "policy", "pack", name, "--member", "harbor", "--querier", "solstice", "--out", name, at=tmp_path
        )
        assert made.returncode == 0, made.stderr
        checked = cleanroom("policy", "check", name, at=tmp_path)
        assert checked.returncode == 0, checked.stdout


def test_an_aws_rule_becomes_a_policy_and_says_what_is_lost(tmp_path: Path) -> None:
    """The imported text is a policy; what could not be carried over is said on standard error."""
    (tmp_path / "rule.json").write_text(json.dumps(_RULE))
    arguments = [
        "--from",
        "aws",
        "--member",
        "harbor",
        "--dataset",
        "sales",
        "--querier",
        "solstice",
        "--purpose",
        "warranty",
        "--with",
        "claims",
    ]
    imported = cleanroom("policy", "import", "rule.json", *arguments, at=tmp_path)
    assert imported.returncode == 0, imported.stderr
    assert "minimum_units: 50" in imported.stdout
    assert "not carried over: joinRequired QUERY_RUNNER" in imported.stderr
    (tmp_path / "sales.yaml").write_text(imported.stdout)
    assert cleanroom("policy", "check", "sales.yaml", at=tmp_path).returncode == 0
