"""Documentation pages, from the checkout or the installed copy: Markdown in, a safe subset of HTML out.

The texts are ours; still, HTML in them is shown as text, addresses stay within Help, and no style attribute is made.
"""

import re
import sysconfig
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from cleanroom.errors import NotFound

_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
_KINDS = {"rules": "rules", "guide": "", "errors": "errors"}
_GUIDES = (
    "operator-quickstart", "privacy-promise", "threat-model", "insights", "policies", "grammar", "twenty-mistakes",
    "formats-in", "identifiers", "ledger", "schedules", "sql-access", "api",
)  # fmt: skip
_CODE_ROW = re.compile(r"<tr>\s*<td>(CR-[A-Z]\d{3})</td>")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TITLE = re.compile(r"^#\s+(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A page of the documentation; ``body`` is HTML made here."""

    title: str
    body: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorTable:
    """The codes of one letter."""

    letter: str
    body: Markup


def titles(folder: str) -> list[tuple[str, str]]:
    """Name and title of each page of a folder (``rules``), or of the guides (empty)."""
    if folder:
        names = sorted(path.stem for path in (_docs() / folder).glob("*.md") if path.stem != "README")
    else:
        names = [name for name in _GUIDES if (_docs() / f"{name}.md").is_file()]
    return [(name, _title(_text(folder, name), name)) for name in names]


def article(kind: str, name: str) -> Article:
    """One page. Raises NotFound CR-A011."""
    folder = _KINDS.get(kind)
    if folder is None or not _NAME.fullmatch(name) or (not folder and name not in _GUIDES):
        raise _nowhere()
    text = _text(folder, name)
    return Article(title=_title(text, name), body=_html(_TITLE.sub("", text, count=1)))


def has_rule_page(name: str) -> bool:
    """Whether a rule has a page of its own."""
    return bool(_NAME.fullmatch(name)) and (_docs() / "rules" / f"{name}.md").is_file()


def figure(name: str) -> bytes:
    """One picture of the documentation. Raises NotFound CR-A011."""
    path = _docs() / "insights" / f"{name}.svg"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise _nowhere()
    return path.read_bytes()


def error_tables() -> list[ErrorTable]:
    """All codes, by letter."""
    found = sorted((_docs() / "errors").glob("CR-*.md"))
    return [ErrorTable(letter=path.stem, body=_with_anchors(path.stem)) for path in found]


@lru_cache(maxsize=32)
def _with_anchors(name: str) -> Markup:
    """Each code's row can be pointed at: ``/help/errors#CR-P109``."""
    body = _html(_TITLE.sub("", _text("errors", name), 1))
    return Markup(_CODE_ROW.sub(r'<tr id="\1"><td>\1</td>', body))  # noqa: S704 - the codes are letters and digits


@lru_cache(maxsize=1)
def _docs() -> Path:
    """Beside the packages in a checkout; under the environment's data folder where installed."""
    beside = Path(__file__).resolve().parents[2] / "docs"
    return beside if beside.is_dir() else Path(sysconfig.get_path("data")) / "share" / "cleanroom" / "docs"


@lru_cache(maxsize=128)
def _text(folder: str, name: str) -> str:
    path = _docs() / folder / f"{name}.md"
    if not path.is_file():
        raise _nowhere()
    return path.read_text("utf-8")


def _title(text: str, name: str) -> str:
    found = _TITLE.search(text)
    return found.group(1).replace("`", "") if found else name.replace("_", " ")


@lru_cache(maxsize=128)
def _html(text: str) -> Markup:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(_COMMENT.sub("", text))
    for token, following in zip_longest(tokens, tokens[1:]):
        if following is not None and token.type == "heading_open":
            token.attrSet("id", slug(following.content))
        _tame(token)
    made = str(parser.renderer.render(tokens, parser.options, {}))
    made = made.replace("<table>", '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>')
    made = made.replace("</table>", "</table></div>").replace("<pre>", '<pre tabindex="0">')
    return Markup(made)  # noqa: S704 - the renderer escapes every text


def slug(title: str) -> str:
    """A heading's anchor, as documentation sites make it."""
    return re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")


def _tame(token: Token) -> None:
    """No style attribute, no address outside Help; heads of tables say that they are."""
    token.attrs.pop("style", None)  # column alignment; the content policy admits no style attribute
    if token.tag == "th":
        token.attrSet("scope", "col")
    for child in token.children or ():
        if child.type == "link_open":
            child.attrSet("href", _address(str(child.attrs.get("href", ""))))
        if child.type == "image":
            child.attrSet("src", "/help/figures/" + str(child.attrs.get("src", "")).rsplit("/", 1)[-1])


def _address(href: str) -> str:
    """A link between documents as one between help pages; anything else leads to the list."""
    if re.fullmatch(r"#[a-z0-9-]+", href):
        return href
    name = href.split("#")[0].rsplit("/", 1)[-1].removesuffix(".md")
    if "errors" in href or name.startswith("CR-"):
        return f"/help/errors#{name}" if name.startswith("CR-") else "/help/errors"
    if name in _GUIDES:
        return f"/help/guide/{name}"
    return f"/help/rules/{name}" if (_docs() / "rules" / f"{name}.md").is_file() else "/help"


def _nowhere() -> NotFound:
    return NotFound("CR-A011", "there is no such address")
