"""X12 elements that both reports share: product ids of LIN, place ids of N1, the hash total of CTT."""

from collections.abc import Iterable, Sequence

from connectors.formats.edi_lines import Line

_GTIN = ("UK", "EN", "UP", "EO", "UI", "UA", "UD", "UN")
_SKU = ("IN", "SK", "CB", "BP", "PI", "IZ", "BO", "IT")
_MODEL = ("MG", "MN", "MF", "VN", "VP", "VC", "VA", "VO", "ST")
_SERIAL = "SN"


def element(elements: Sequence[str], place: int) -> str:
    """The element at ``place`` without blanks around it; empty where the segment is shorter."""
    return elements[place].strip() if place < len(elements) else ""


def product(elements: Sequence[str]) -> Line:
    """The product of a LIN: pairs of qualifier and id from the second element on."""
    pairs: dict[str, str] = {}
    serials: list[str] = []
    for at in range(2, len(elements) - 1, 2):
        kind, text = elements[at].strip(), elements[at + 1].strip()
        if text and kind == _SERIAL:
            serials.append(text)
        elif text:
            pairs.setdefault(kind, text)

    def first(kinds: Iterable[str]) -> str | None:
        return next((pairs[kind] for kind in kinds if kind in pairs), None)

    number = element(elements, 1)
    return Line(gtin=first(_GTIN), sku=first(_SKU), model=first(_MODEL), number=number or None, serials=serials)


def place_id(elements: Sequence[str]) -> str | None:
    """The id of a party or place (N1): its code, else its name."""
    return element(elements, 4) or element(elements, 2) or None


def hash_agrees(stated: str, candidates: Iterable[Sequence[str]]) -> bool:
    """Whether a hash total is the sum of one of the candidates: digits only, without signs and decimal points."""
    digits = _digits(stated)
    if not digits:
        return True
    wanted = int(digits)
    for texts in candidates:
        total = sum(int(_digits(text) or "0") for text in texts)
        # Truncation on the left is allowed when the sum has more digits than the field.
        if total == wanted or (len(digits) >= 7 and str(total).endswith(digits)):
            return True
    # A total over quantities with decimals may also be given as the plain sum.
    return any(_plain_sum(texts) == stated.strip() for texts in candidates)


def _plain_sum(texts: Sequence[str]) -> str:
    total = sum(int(text) for text in texts if text.strip().lstrip("-").isdecimal())
    return str(total)


def _digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")[:30]
