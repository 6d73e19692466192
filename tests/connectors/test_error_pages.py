"""Every code that files, places and drafts can give is explained."""

import re
from pathlib import Path

from connectors.formats.codes import NOTES, REJECTIONS, SKIPS

ROOT = Path(__file__).parents[2]


def test_every_code_has_an_entry() -> None:
    """Codes in the sources and codes in docs/errors/CR-D.md."""
    folders = (ROOT / "connectors" / "formats", ROOT / "connectors" / "places")
    used = {
        code
        for folder in folders
        for path in folder.glob("*.py")
        for code in re.findall(r"CR-D\d{3}", path.read_text())
    }
    page = (ROOT / "docs" / "errors" / "CR-D.md").read_text()
    assert used - set(re.findall(r"CR-D\d{3}", page)) == set()


def test_findings_have_one_meaning_each() -> None:
    """No code is both a rejection and a note."""
    assert len({*REJECTIONS, *SKIPS, *NOTES}) == len(REJECTIONS) + len(SKIPS) + len(NOTES)
