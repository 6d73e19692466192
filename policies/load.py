"""Policy text -> ``DataPolicy``: the only arrow that makes one.

Comes in: bytes of one YAML document (docs/policies.md, ``schema/data-policy.v1.json``). Goes out: a policy whose digest
names its meaning, or one refusal that lists everything wrong with the text at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from cleanroom.canonical import canonical_json, digest_of
from cleanroom.errors import PolicyRefused, Span, Violation
from cleanroom.names import ColumnName, DatasetName, Digest, MemberName
from cleanroom.plan import Contributors
from policies.document import ColumnPart, ContributorPart, JoinPart, PolicyDocument, ReleasePart
from policies.model import ColumnGrant, DataPolicy, JoinPolicy, ReleasePolicy
from policies.yamltext import ParsedText, Path, Problem, UnreadableError, parse_yaml

_PART_AT: Mapping[str, type[BaseModel]] = {"joins": JoinPart, "contributors": ContributorPart, "release": ReleasePart}
_MAX_SHOWN = 60
_MAX_PROBLEMS = 200  # nobody reads more, and a refusal's size is bounded like its document's


def load_policy(document: bytes, *, place: str) -> DataPolicy:
    """Return the policy in ``document``.

    Args:
        document: one YAML document of kind DataPolicy, at most 256 KB.
        place: how to name the document in errors, for example its file name; it becomes the refusal's ``place``.

    Raises:
        PolicyRefused: CR-P001 not readable as YAML, CR-P002 another kind or apiVersion, CR-P003 unknown key, CR-P004
            missing key, CR-P005 wrong value, CR-P006 key given twice. All of them at once (the first 200), in the order of the text.
    """
    try:
        parsed = parse_yaml(document)
    except UnreadableError as error:
        raise _refused((error.problem,), place=place, owner="room") from None
    if not isinstance(parsed.content, dict):
        problem = Problem(
            code="CR-P001", path=(), message="the document is not a mapping", help="see docs/policies.md for an example"
        )
        raise _refused((problem,), place=place, owner="room")
    problems = [_twice(path) for path in parsed.duplicates]
    read: PolicyDocument | None = None
    try:
        read = PolicyDocument.model_validate(parsed.content)
    except ValidationError as error:
        problems += _problems(error.errors(include_url=False, include_input=False, include_context=False))
    if problems or read is None:
        located = tuple(_located(problem, parsed) for problem in problems)
        raise _refused(located, place=place, owner=_owner(parsed))
    return _policy(read)


def canonical_form(policy: DataPolicy) -> bytes:
    """The bytes a steward signs: what the policy means, whatever the order and spelling of its text."""
    return canonical_json(
        {
            "apiVersion": "cleanroom/v1",
            "kind": "DataPolicy",
            "member": policy.member,
            "dataset": policy.dataset,
            "version": policy.version,
            "privacy_unit": policy.privacy_unit,
            "minimum_units": policy.minimum_units,
            "queriers": policy.queriers,
            "receivers": policy.receivers,
            "purposes": policy.purposes,
            "mode": policy.mode,
            "joins": {
                "required": policy.joins.required,
                "columns": policy.joins.columns,
                "with": policy.joins.with_,
            },
            "columns": {
                name: {"allow": sorted(grant.allow), "grain": grant.grain, "between": grant.between}
                for name, grant in policy.columns.items()
            },
            "contributors": policy.contributors,
            "release": policy.release,
            "zeros": policy.zeros,
            "expires": policy.expires,
            # Only where it is asked for: policies signed before the key existed keep their digests.
            **({"two_person": policy.two_person} if policy.two_person else {}),
        }
    )


def _policy(read: PolicyDocument) -> DataPolicy:
    policy = DataPolicy(
        member=MemberName(read.member),
        dataset=DatasetName(read.dataset),
        version=read.version,
        privacy_unit=ColumnName(read.privacy_unit),
        minimum_units=read.minimum_units,
        queriers=tuple(sorted(MemberName(name) for name in read.queriers)),
        receivers=tuple(sorted(MemberName(name) for name in read.receivers)),
        purposes=tuple(sorted(read.purposes)),
        mode=read.mode,
        joins=JoinPolicy(
            required=read.joins.required,
            columns=tuple(sorted(ColumnName(name) for name in read.joins.columns)),
            with_=tuple(sorted(DatasetName(name) for name in read.joins.with_)),
        ),
        columns={ColumnName(name): _grant(part) for name, part in sorted(read.columns.items())},
        contributors=_contributors(read.contributors),
        release=ReleasePolicy(
            mechanism=read.release.mechanism,
            base=read.release.base,
            epsilon=read.release.epsilon,
            delta=read.release.delta,
        ),
        zeros=read.zeros == "release",
        expires=read.expires,
        two_person=tuple(sorted(read.two_person or ())),
        digest=Digest(""),
    )
    return with_digest(policy)


def with_digest(policy: DataPolicy) -> DataPolicy:
    """The same policy, named by the digest of its canonical form."""
    return replace(policy, digest=digest_of(canonical_form(policy)))


def _grant(part: ColumnPart) -> ColumnGrant:
    between = (part.between[0], part.between[1]) if part.between is not None else None
    return ColumnGrant(allow=frozenset(part.allow), grain=part.grain, between=between)


def _contributors(part: ContributorPart | None) -> Contributors | None:
    return None if part is None else Contributors(minimum=part.minimum, largest_share=part.largest_share)


# --- refusals --------------------------------------------------------------------------------------------------------


def _problems(errors: Sequence[ErrorDetails]) -> Iterator[Problem]:
    for error in errors:
        path = tuple(part for part in error["loc"] if part != "[key]")
        kind = error["type"]
        if path in {("apiVersion",), ("kind",)}:
            yield Problem(
                code="CR-P002",
                path=path,
                message="this is not a data policy of version cleanroom/v1",
                help="start with `apiVersion: cleanroom/v1` and `kind: DataPolicy`",
            )
        elif kind == "extra_forbidden":
            yield Problem(code="CR-P003", path=path, message="unknown key", help=_did_you_mean(path))
        elif kind == "missing":
            yield Problem(code="CR-P004", path=path, message="missing", help=f"add `{path[-1]}:`, see docs/policies.md")
        else:
            yield Problem(code="CR-P005", path=path, message=_wrong(error), help=_how(error))


def _wrong(error: ErrorDetails) -> str:
    if error["type"] in ("model_type", "dict_type"):
        return "should hold keys of its own"
    if _is_day(error):
        return "should be a day of the calendar"
    text = error["msg"].removeprefix("Value error, ").removeprefix("Input ").removesuffix(" after validation")
    text = text.replace(" after validation, not", ", not")
    return (text[:1].lower() + text[1:]).replace("'", "`").rstrip(".")


def _is_day(error: ErrorDetails) -> bool:
    return error["type"].startswith("date_") or error["loc"] == ("expires",)


_HOW = {
    "string_type": "write text; put it in quotes if YAML reads it as something else (no, on, 1)",
    "string_pattern_mismatch": "names are lower-case letters, digits, _ and -, and start with a letter",
    "int_type": "write a whole number in plain digits, such as 25: no quotes, no point, no leading zero",
    "bool_type": "write true or false",
    "list_type": "write a list: [one, two], or [] for none",
    "model_type": "write them on lines of their own below it, indented, or as {key: value}",
}


def _how(error: ErrorDetails) -> str:
    if _is_day(error):
        return "write the day as 2027-12-31, without a time; leave the line out for no last day"
    if "two_person" in error["loc"] and error["type"] == "string_pattern_mismatch":
        return "write the public signing key as `cleanroom key show` prints it: ed25519-v1:..."
    return _HOW.get(error["type"], "see docs/policies.md for the values this key takes")


def _did_you_mean(path: Path) -> str:
    part: type[BaseModel] = PolicyDocument
    if len(path) > 1:
        part = ColumnPart if path[0] == "columns" else _PART_AT.get(str(path[0]), PolicyDocument)
    fields: Mapping[str, FieldInfo] = part.model_fields
    known = [field.alias or name for name, field in fields.items()]
    close = get_close_matches(str(path[-1]), known, n=1)
    return f"did you mean `{close[0]}`" if close else "known keys here: " + ", ".join(known)


def _twice(path: Path) -> Problem:
    return Problem(code="CR-P006", path=path, message="the key is given twice", help="keep one of them")


def _located(problem: Problem, parsed: ParsedText) -> Problem:
    path = problem.path
    while path not in parsed.spans and path:
        path = path[:-1]
    return Problem(
        code=problem.code,
        path=problem.path,
        message=problem.message,
        help=problem.help,
        span=parsed.spans.get(path) or Span(start=0, end=0, line=1, column=1),
    )


def _owner(parsed: ParsedText) -> str:
    member = parsed.content.get("member") if isinstance(parsed.content, dict) else None
    return member if isinstance(member, str) and len(member) <= _MAX_SHOWN else "room"


def _refused(problems: Sequence[Problem], *, place: str, owner: str) -> PolicyRefused:
    ordered = sorted(problems, key=lambda problem: (problem.span.start if problem.span else 0, problem.code))
    refused = PolicyRefused(
        tuple(
            Violation(
                code=problem.code,
                rule="policy_text",
                owner=owner,
                message=f"`{_shown(problem.path)}`: {problem.message}" if problem.path else problem.message,
                help=problem.help,
                span=problem.span,
            )
            for problem in ordered[:_MAX_PROBLEMS]
        )
    )
    refused.place = place
    return refused


def _shown(path: Path) -> str:
    text = ".".join(str(part) for part in path)
    return "".join(c if c.isprintable() and c != "`" else "?" for c in text)[:_MAX_SHOWN]
