"""The rule inside what people have at hand: an API answer, a CloudFormation template, Terraform, a view's SQL.

Comes in: decoded JSON or text. Goes out: the same content with the API's own spelling of keys, without its envelopes. It
chooses nothing: where a document holds two rules, none is taken.
"""

import re
from collections.abc import Collection, Sequence

_RULES = frozenset({"aggregation", "custom", "list"})
"""The one object of a rule that says of which kind it is."""
_ENVELOPES = (
    "analysisRule", "analysisRules", "analysisRulePolicy", "policy", "v1", "properties", "resources", "values",
    "configuredTable",
)  # fmt: skip
_TABLE = "AWS::CleanRooms::ConfiguredTable"
_OBJECTS = frozenset({*_RULES, "differentialPrivacy", "comparisonControls"})
_OPTION = re.compile(
    r"\bprivacy_policy\s*=\s*[rR]?(?:'''(?P<a>.*?)'''|\"\"\"(?P<b>.*?)\"\"\"|'(?P<c>(?:[^'\\]|\\.)*)'|\"(?P<d>(?:[^\"\\]|\\.)*)\")",
    re.DOTALL | re.IGNORECASE,
)
_MAX_DEPTH = 24


class TwoRulesError(ValueError):
    """The document holds more than one rule, or one key in two spellings: which of them is meant is not for us to say."""


def spelled(content: object, depth: int = 0) -> object:
    """``content`` with keys as the service API spells them: ``JoinColumns`` and ``join_columns`` are ``joinColumns``.

    Terraform writes an object as a list of one and leaves out nothing: such lists are unwrapped, what is empty is left
    out. Raises ``TwoRulesError`` where two keys become one.
    """
    if depth > _MAX_DEPTH:
        raise TwoRulesError("nested too deeply")
    if isinstance(content, list):
        return [spelled(item, depth + 1) for item in content]
    if not isinstance(content, dict):
        return content
    found: dict[str, object] = {}
    for key, value in content.items():
        name = _camel(key)
        if name in found:
            raise TwoRulesError("a key is given in two spellings")
        inner = spelled(value, depth + 1)
        if name in _OBJECTS and isinstance(inner, list) and len(inner) <= 1:
            inner = inner[0] if inner else None
        if inner is not None:
            found[name] = inner
    return found


def unwrapped(content: object, rule_keys: Collection[str]) -> object:
    """The object that holds a rule: with one of ``rule_keys``, or the members that say of which kind it is.

    Raises:
        TwoRulesError: a list or a template with several rules.
    """
    for _ in range(_MAX_DEPTH):
        if isinstance(content, list):
            content = _only(content)
        if not isinstance(content, dict) or _RULES & set(content) or set(rule_keys) & set(content):
            return content
        envelope = next((name for name in _ENVELOPES if name in content), None)
        if envelope is None:
            return content
        content = content[envelope]
        if envelope == "resources" and isinstance(content, dict):
            content = _only([one for one in content.values() if isinstance(one, dict) and one.get("type") == _TABLE])
    return content


def option_text(text: str) -> str | None:
    """The JSON text of ``privacy_policy = '...'`` in a CREATE VIEW or ALTER VIEW statement; None where there is none.

    Raises:
        TwoRulesError: the statements set it more than once.
    """
    found = list(_OPTION.finditer(text))
    if not found:
        return None
    if len(found) > 1:
        raise TwoRulesError("several views")
    quoted = found[0].group("a") or found[0].group("b") or found[0].group("c") or found[0].group("d") or ""
    return re.sub(r"\\(.)", lambda escape: {"n": "\n", "t": "\t"}.get(escape[1], escape[1]), quoted)


def _only(items: Sequence[object]) -> object:
    if len(items) > 1:
        raise TwoRulesError("several rules")
    return items[0] if items else None


def _camel(key: str) -> str:
    """``JoinColumns`` and ``join_columns`` as ``joinColumns``; a resource's own name is no key of ours and may change."""
    first, *rest = key.split("_")
    return first[:1].lower() + first[1:] + "".join(part[:1].upper() + part[1:] for part in rest)
