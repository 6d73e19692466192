"""Each profile against its convention's published cases and the spellings people really type."""

import pytest

from cleanroom.errors import UsageProblem
from cleanroom.identifiers import PROFILES, Canonical, Invalid, normalize_lines, profile_named

CASES = {
    # Unified ID 2.0: uid2-operator's normalisation cases.
    "email.uid2@1": (
        ("TEst.TEST@Test.com ", "test.test@test.com"),
        ("test.test@gmail.com", "testtest@gmail.com"),
        ("test+test@test.com", "test+test@test.com"),
        ("+test@test.com", "+test@test.com"),
        ("test+test@gmail.com", "test@gmail.com"),
        ("TEst.TEst+123@GMail.Com", "testtest@gmail.com"),
        ("test.test+x@googlemail.com", "test.test+x@googlemail.com"),
        ("\U0001f60atesttest@test.com", "\U0001f60atesttest@test.com"),
        ("J\u00d6rg@test.com", "j\u00d6rg@test.com"),
        ("a@b.com\t", "a@b.com"),
        ("jo hn@test.com", "john@test.com"),
    ),
    "email.google@1": (
        ("QuinnY@EXAMPLE.com", "quinny@example.com"),
        ("Jefferson.LOVES.Hiking@googlemail.com", "jeffersonloveshiking@googlemail.com"),
        (" Jane.Doe+fridge@GMail.com ", "janedoe+fridge@gmail.com"),
        ("J\u00d6RG@example.com", "j\u00f6rg@example.com"),
    ),
    "email.meta@1": ((" Jane.Doe+fridge@GMail.com ", "jane.doe+fridge@gmail.com"),),
    "phone.e164@1": (
        ("1 (234) 567-8901", "+12345678901"),
        ("1 800 555 0100", "+18005550100"),
        ("441134960987", "+441134960987"),
        ("+44-113-496-0987", "+441134960987"),
        ("+44 (0)113 496 0987", "+441134960987"),
        ("0044 113 496 0987", "+441134960987"),
        ("tel:+44-113-496-0987", "+441134960987"),
        ("+39 06 1234 5678", "+390612345678"),
        ("+1 800 555 0100 ext. 12", "+18005550100"),
    ),
    "phone.digits@1": (
        ("1 800 555 0100", "+18005550100"),
        ("441134960987", "+441134960987"),
        ("   +1-800-555-0100", "+18005550100"),
        ("+1234567890", "+1234567890"),
    ),
    "serial.plain@1": (
        (" sn-12 34/5.6_7 ", "SN1234567"),
        ("ab(1)?", "AB(1)?"),
        ("'0012345", "0012345"),
        ("12345.0", "12345"),
    ),
    "gtin@1": (
        ("6291041500213", "06291041500213"),
        ("036000291452", "00036000291452"),
        ("36000291452", "00036000291452"),
        ("00072470006431", "00072470006431"),
        ("04252614", "00042100005264"),
        ("01234565", "00012345000065"),
        ("96385074", "00000096385074"),
        ("978-3-16-148410-0", "09783161484100"),
        ("072470006431.0", "00072470006431"),
        (" '072470006431", "00072470006431"),
        ("072470006431\t", "00072470006431"),
    ),
    "postcode.area@1": (("sw1a 1aa", "SW"), ("M1 1AE", "M"), ("K1A 0B1", "K1A"), ("10115", "10"), ("1012 AB", "10")),
}
INVALID = {
    "email.uid2@1": (
        "",
        " ",
        "@",
        " @",
        "a@",
        "@b.com",
        "+",
        "+@gmail.com",
        ".+@gmail.com",
        "a@ba@z.com",
        '"a@b"@c.com',
        "a\x00@b.c",
    ),
    "email.google@1": ("", "  ", "quinn", " @googlemail.com", " ...@gmail.com", "a b@c.com", "a@b@c.com", "a@"),
    "email.meta@1": ("", "quinn", "a b@c.com", "@", "a@b@c"),
    "phone.e164@1": (
        "",
        "  ",
        " +A BCD EFG ",
        "020 7946 0958",
        "555-555-5555",
        "+",
        "12345678",
        "+1234567890A",
        "+1234567890123456",
        "+12345+67890",
    ),
    "phone.digits@1": ("", " +A BCD EFG ", "+", "12345678", "+1234567890123456", "+12345+67890", "+1234567890A"),
    "serial.plain@1": ("", "N/A", "unknown", "0000", "-", "xxxx", "8.42E+11", "S\u00c9RIE 1", "A" * 65),
    "gtin@1": (
        "",
        "7501031311308",
        "75010313113",
        "750103AAAA309",
        "012345678901",
        "012345678918",
        "8.42E+11",
        "7.2470006431E10",
        "00000000",
        "123",
    ),
    "imei@1": (
        "",
        "354178036859782",
        "000000000000000",
        "4901542032375",
        "49015420323751801",
        "4.90154E+14",
        "49015420323751A",
    ),
    "postcode.area@1": ("", "n/a", "A"),
}


@pytest.mark.parametrize(("name", "text", "expected"), [(n, *case) for n, cases in CASES.items() for case in cases])
def test_published_and_typed_spellings(name: str, text: str, expected: str) -> None:
    """Without a region, each spelling has the convention's canonical form, and that form is its own canonical form."""
    outcome = profile_named(name).normalise(text, None)
    assert isinstance(outcome, Canonical)
    assert outcome.text == expected
    again = profile_named(name).normalise(expected, None)
    assert name == "postcode.area@1" or (isinstance(again, Canonical) and again.text == expected)


@pytest.mark.parametrize(("name", "text"), [(n, text) for n, texts in INVALID.items() for text in texts])
def test_what_is_no_identifier_is_refused_without_echo(name: str, text: str) -> None:
    """The reason is in words and does not repeat the value."""
    outcome = profile_named(name).normalise(text, None)
    assert isinstance(outcome, Invalid)
    assert len(text.strip()) < 4 or text.strip() not in outcome.reason


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("020 7946 0958", "GB", "+442079460958"),
        ("07700 900123", "GB", "+447700900123"),
        ("(555) 555-5555", "US", "+15555555555"),
        ("1 800 555 0100", "GB", "+18005550100"),
        ("441134960987", "US", "+441134960987"),
        ("030 123456", "DE", "+4930123456"),
        ("06 12345678", "NL", "+31612345678"),
    ],
)
def test_national_numbers_need_their_region(text: str, region: str, expected: str) -> None:
    """With a region a number is national where that is possible, else international."""
    outcome = profile_named("phone.e164@1").normalise(text, region)
    assert isinstance(outcome, Canonical)
    assert outcome.text == expected


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("36000291452", "a lost leading zero restored"),
        ("04252614", "UPC-E expanded"),
        ("072470006431.0", "a spreadsheet's mark removed"),
        ("2012345678903", "restricted circulation: it means something inside one company only"),
        ("6291041500213", None),
    ],
)
def test_gtin_repairs_are_reported(text: str, note: str | None) -> None:
    """Whatever was repaired or is doubtful is said."""
    outcome = profile_named("gtin@1").normalise(text, None)
    assert isinstance(outcome, Canonical)
    assert outcome.note == note


@pytest.mark.parametrize(
    ("text", "region", "expected"), [("94105-1234", "US", "941"), ("94105", "DE", "94"), ("EC1A 1BB", "GB", "EC")]
)
def test_postcode_area_by_region(text: str, region: str, expected: str) -> None:
    """The region says how much of the code is its area."""
    assert profile_named("postcode.area@1").normalise(text, region) == Canonical(expected)


@pytest.mark.parametrize(
    ("text", "expected", "note"),
    [
        ("490154203237518", "490154203237518", None),
        ("35-209900-176148-1", "352099001761481", None),
        ("35 417803 685978 9", "354178036859789", None),
        ("49015420323751", "490154203237518", "check digit computed"),
        ("3520990017614823", "352099001761481", "software version removed"),
    ],
)
def test_a_device_has_one_imei_in_all_its_lengths(text: str, expected: str, note: str | None) -> None:
    """With, without and beyond the check digit it is the same device (examples of 3GPP and GSMA numbering)."""
    outcome = profile_named("imei@1").normalise(text, None)
    assert isinstance(outcome, Canonical)
    assert (outcome.text, outcome.note) == (expected, note)


def test_lines_hash_and_mark() -> None:
    """The stream keeps one line per line; hashes are of the canonical text; invalid lines say why."""
    lines = ["JANE.SAOIRSE@gmail.com\n", "nonsense\r\n", ""]
    profile = profile_named("email.uid2@1")
    assert list(normalize_lines(profile, lines)) == ["janesaoirse@gmail.com", "!invalid: no @", "!invalid: empty"]
    assert next(normalize_lines(profile, lines, hash="sha256-hex")) == (
        "92ee26057ed9dea2535d6c8b141d48373932476599196e00352254896db5888f"
    )
    assert next(normalize_lines(profile, lines, hash="sha256-base64")) == "ku4mBX7Z3qJTXWyLFB1INzkyR2WZGW4ANSJUiW21iI8="


def test_lines_are_a_stream() -> None:
    """Nothing is read before it is asked for."""
    taken = []

    def source():
        for n in range(3):
            taken.append(n)
            yield f"user{n}@example.com"

    lines = normalize_lines(profile_named("email.meta@1"), source())
    assert next(lines) == "user0@example.com"
    assert taken == [0]


def test_profile_names_are_unique_and_unknown_ones_refused() -> None:
    """A name is a promise: one rule each; a wrong name lists the right ones."""
    assert len({profile.name for profile in PROFILES}) == len(PROFILES) == 9
    with pytest.raises(UsageProblem, match="CR-N001"):
        profile_named("email.uid2@2")


def test_outcomes_do_not_show_the_identifier() -> None:
    """INVARIANT I15: a canonical identifier in a traceback would be a leak."""
    assert "jane" not in repr(Canonical("jane@example.com"))
