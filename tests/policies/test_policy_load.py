"""The loader: the public format, all errors at once, bounded, exact, and nothing but refusals for anything else."""

import json
from datetime import date
from decimal import Decimal

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_room import CLAIMS, SALES, policy

from cleanroom.errors import PolicyRefused
from cleanroom.plan import Contributors, Mechanism
from cleanroom.shape import Grain
from policies.load import canonical_form, load_policy
from policies.model import ColumnGrant, DataPolicy, JoinPolicy, Mode, Permission, ReleasePolicy
from policies.schema import generated, published


def refused(text: str | bytes) -> list[tuple[str, str]]:
    """The (code, message) pairs of a refusal."""
    document = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(PolicyRefused, match="CR-P00") as caught:
        load_policy(document, place="harbor.yaml")
    assert caught.value.place == "harbor.yaml"
    assert caught.value.exit_code == 4
    return [(violation.code, violation.message) for violation in caught.value.violations]


def test_a_whole_policy_is_read_exactly() -> None:
    """Every key of the format, by value; lists are sets and come sorted."""
    read = policy()
    assert read == DataPolicy(
        member="harbor",
        dataset="sales",
        version=1,
        privacy_unit="buyer_token",
        minimum_units=25,
        queriers=("solstice",),
        receivers=("harbor", "solstice"),
        purposes=("service", "warranty"),
        mode=Mode.AD_HOC,
        joins=JoinPolicy(
            required=True,
            columns=("buyer_token", "unit_token"),
            with_=("claims", "registrations", "service_tickets"),
        ),
        columns={
            "sku": ColumnGrant(allow=frozenset({Permission.DIMENSION, Permission.FILTER})),
            "model": ColumnGrant(allow=frozenset({Permission.DIMENSION, Permission.FILTER})),
            "region": ColumnGrant(allow=frozenset({Permission.DIMENSION, Permission.FILTER})),
            "sale_date": ColumnGrant(allow=frozenset({Permission.DIMENSION, Permission.FILTER}), grain=Grain.MONTH),
            "sale_id": ColumnGrant(allow=frozenset({Permission.COUNT, Permission.COUNT_DISTINCT})),
            "unit_token": ColumnGrant(allow=frozenset({Permission.COUNT_DISTINCT})),
            "buyer_token": ColumnGrant(allow=frozenset({Permission.COUNT_DISTINCT})),
            "quantity": ColumnGrant(
                allow=frozenset({Permission.SUM, Permission.AVG}), between=(Decimal(0), Decimal(100))
            ),
            "net_amount": ColumnGrant(allow=frozenset({Permission.AVG}), between=(Decimal(0), Decimal(10000))),
        },
        contributors=Contributors(minimum=3, largest_share=Decimal("0.7")),
        release=ReleasePolicy(mechanism=Mechanism.SUPPRESS),
        zeros=True,
        expires=date(2027, 12, 31),
        digest=read.digest,
    )


def test_what_is_left_out_is_at_its_most_restrictive() -> None:
    """No queriers, receivers or purposes, templates only, joins required and none granted, zeros withheld."""
    least = load_policy(
        b"apiVersion: cleanroom/v1\nkind: DataPolicy\nmember: harbor\ndataset: sales\nversion: 1\n"
        b"privacy_unit: buyer_token\nminimum_units: 25\ncolumns: {}\n",
        place="least",
    )
    assert (least.queriers, least.receivers, least.purposes, least.mode, least.zeros, least.expires) == (
        (), (), (), Mode.TEMPLATES, False, None,
    )  # fmt: skip
    assert least.joins == JoinPolicy(required=True, columns=(), with_=())


def test_the_digest_names_the_meaning_not_the_spelling() -> None:
    """Order, quotes, comments and flow style do not change it; any value does."""
    respelled = yaml.safe_dump(yaml.safe_load(SALES), default_flow_style=False, sort_keys=True)
    reordered = SALES.replace("[solstice, harbor]", "[harbor, solstice] # both").replace("0.7", "0.70")
    assert load_policy(respelled.replace("0.7", "0.70").encode(), place="x").digest == policy().digest
    assert policy(reordered).digest == policy().digest
    assert policy(minimum_units="26").digest != policy().digest
    assert canonical_form(policy()).startswith(b'{"apiVersion":"cleanroom/v1","columns":{"buyer_token"')


def test_all_errors_come_back_at_once_with_code_field_and_line() -> None:
    """One round is enough to correct a text."""
    text = (
        SALES.replace("mode: ad_hoc", "mod: ad_hoc")
        .replace("version: 1", "version: true")
        .replace("[sum, avg]", "[sum, ag]")
        .replace("zeros: release\n", "zeros: release\nzeros: suppress\n")
        .replace("privacy_unit: buyer_token\n", "")
        .replace("0.7", "1e3")
    )
    assert refused(text) == [
        ("CR-P004", "`privacy_unit`: missing"),
        ("CR-P005", "`version`: should be a valid integer"),
        ("CR-P003", "`mod`: unknown key"),
        (
            "CR-P005",
            "`columns.quantity.allow.1`: should be `dimension`, `filter`, `count`, `count_distinct`, `sum` or `avg`",
        ),
        ("CR-P005", "`contributors.largest_share`: write a plain number, for example `0.7`"),
        ("CR-P006", "`zeros`: the key is given twice"),
    ]


def test_unknown_keys_are_answered_with_the_nearest_known_one() -> None:
    """A misspelt key is never passed over: it might have been a restriction."""
    with pytest.raises(PolicyRefused, match="unknown key") as caught:
        load_policy(SALES.replace("  required:", "  requird:").encode(), place="x")
    (violation,) = caught.value.violations
    assert violation.help == "did you mean `required`"
    assert (violation.owner, violation.span.line if violation.span else 0) == ("harbor", 14)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"a: &x [1]\nb: *x\n", "anchors and aliases are not allowed"),
        (b"a: !!python/object:os.system x\n", "tags are not allowed"),
        (b"a: 1\n---\nb: 2\n", "one policy per document"),
        (b"{" * 5000, "the document is nested too deeply or too long"),
        (b"[" + b"1," * 30_000 + b"]", "the document is nested too deeply or too long"),
        (b"x" * 300_000, "the document is larger than 256 KB"),
        (b"\xff\xfe\x00", "the document is not UTF-8 text"),
        (b"a: b: c", "the document is not YAML"),
        (b"a: \x00", "the document is not YAML"),
        (b"", "the document is not a mapping"),
        (b"- 1", "the document is not a mapping"),
        (b"null", "the document is not a mapping"),
    ],
)
def test_documents_that_are_not_read_at_all(document: bytes, message: str) -> None:
    """Bombs and foreign documents are refused before anything is built from them."""
    assert refused(document) == [("CR-P001", message)]


def test_a_refusal_is_bounded_like_its_document() -> None:
    """Thousands of wrong lines come back as the first two hundred."""
    wrong = "".join(f"  c{number}: {{alow: [zum]}}\n" for number in range(900))
    assert len(refused(SALES.replace("columns:\n  sku", f"columns:\n{wrong}  sku"))) == 200


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("minimum_units: 25", "minimum_units: 25.0"),
        ("minimum_units: 25", "minimum_units: '25'"),
        ("minimum_units: 25", "minimum_units: 0"),
        ("minimum_units: 25", "minimum_units: -5"),
        ("minimum_units: 25", "minimum_units: 0x19"),
        ("minimum_units: 25", "minimum_units: 2_5"),
        ("minimum_units: 25", "minimum_units: .inf"),
        ("[0, 100]", "[100, 0]"),
        ("[0, 100]", "[0, .nan]"),
        ("[0, 100]", "[0]"),
        ("[0, 100]", "[0, 1:30]"),
        ("[0, 100]", "[true, 100]"),
        ("largest_share: 0.7", "largest_share: 0"),
        ("largest_share: 0.7", "largest_share: 1.01"),
        ("grain: month", "grain: week"),
        ("expires: 2027-12-31", "expires: 2027-02-30"),
        ("expires: 2027-12-31", "expires: 20271231"),
        ("expires: 2027-12-31", "expires: 2027-12-31 10:00:00"),
        ("queriers: [solstice]", "queriers: solstice"),
        ("queriers: [solstice]", "queriers: [solstice, solstice]"),
        ("queriers: [solstice]", "queriers: [no]"),
        ("queriers: [solstice]", "queriers: [1]"),
        ("member: harbor", "member: Harbor"),
        ("{mechanism: suppress}", "{mechanism: round}"),
        ("{mechanism: suppress}", "{mechanism: suppress, base: 5}"),
        ("{mechanism: suppress}", "{mechanism: differential_privacy}"),
        ("zeros: release", "zeros: yes"),
        ("required: true", "required: 1"),
        ("sku: ", "SKU: "),
        ("sku:         {allow: [dimension, filter]}", "sku: {allow: []}"),
        ("sku:         {allow: [dimension, filter]}", "sku: [dimension]"),
        ("sku:         {allow: [dimension, filter]}", "sku:"),
    ],
)
def test_wrong_values_are_refused_where_they_stand(old: str, new: str) -> None:
    """Nothing is coerced: a text is not a number, a float is not exact, a number is not a date."""
    assert old in SALES
    assert [code for code, _ in refused(SALES.replace(old, new))] == ["CR-P005"]


@pytest.mark.parametrize("first", ["apiVersion: cleanroom/v2", "apiVersion: 1", "kind: QueryTemplate"])
def test_another_kind_of_document_says_so(first: str) -> None:
    """A template or a later version is not read as a policy."""
    key = first.split(":")[0]
    lines = [first if line.startswith(key) else line for line in SALES.splitlines()]
    assert [code for code, _ in refused("\n".join(lines))] == ["CR-P002"]


def test_quoted_dates_and_yes_are_understood() -> None:
    """What people type in YAML: `yes` where a boolean belongs, a quoted date."""
    read = policy(expires='"2027-12-31"', required="yes")
    assert (read.expires, read.joins.required) == (date(2027, 12, 31), True)


def test_the_published_schema_is_the_loaders_own() -> None:
    """The file that others read and the types that we read with are one."""
    assert published() == generated()


_VALIDATOR = jsonschema.Draft202012Validator(json.loads(published()))
_VALUES = st.sampled_from(
    ["month", "ad_hoc", "x", "", "Harbor", 0, 1, -1, 25, True, None, [], {}, ["a"], ["a", "a"], [0, 1], 0.7, 1.5]
)
_KEYS = st.sampled_from(["mode", "joins", "columns", "release", "contributors", "zeros", "version", "extra", "expires"])
_INNER = st.sampled_from(["required", "with", "base", "mechanism", "minimum", "sku", "allow", "between", "x"])


@settings(max_examples=150, deadline=None)
@given(changes=st.lists(st.tuples(_KEYS, st.none() | _INNER, _VALUES), min_size=1, max_size=3))
def test_the_schema_and_the_loader_agree(changes: list[tuple[str, str | None, object]]) -> None:
    """Whatever the change, both accept or both refuse; only the order of `between` is beyond JSON Schema."""
    document = yaml.safe_load(SALES)
    document["expires"] = "2027-12-31"
    for key, inner, value in changes:
        if inner is not None and isinstance(document.get(key), dict):
            document[key][inner] = value
        else:
            document[key] = value
    try:
        load_policy(yaml.safe_dump(document).encode(), place="x")
        is_loaded = True
    except PolicyRefused:
        is_loaded = False
    assert _VALIDATOR.is_valid(document) is is_loaded


@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_mutated_documents_are_loaded_or_refused_and_nothing_else(data: st.DataObject) -> None:
    """Fuzz: cut, repeat, swap and insert bytes of a working policy; the only exception is a refusal."""
    document = bytearray(data.draw(st.sampled_from([SALES, CLAIMS])).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(len(document) - 1, 0)))
        piece = data.draw(
            st.binary(max_size=8) | st.sampled_from([b": ", b"[", b"}", b"\n  ", b"&a ", b"*a", b"- ", b"!!"])
        )
        document[at : at + data.draw(st.integers(0, 12))] = piece
    found: list[str] = []
    try:
        found.append(load_policy(bytes(document), place="fuzz").digest[:7])
    except PolicyRefused as refusal:
        found += [violation.code[:6] for violation in refusal.violations]
    assert set(found) in ({"sha256:"}, {"CR-P00"})


@settings(max_examples=200, deadline=None)
@given(document=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_arbitrary_bytes_are_refused(document: bytes) -> None:
    """No document makes the loader raise anything else."""
    with pytest.raises(PolicyRefused, match="CR-P00"):
        load_policy(document, place="fuzz")
