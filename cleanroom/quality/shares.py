"""Shares in thousandths: whole numbers, rounded up, so that something is never shown as nothing."""


def thousandths(part: int, whole: int) -> int:
    """The share of ``part``; of nothing it is 0."""
    return -(-1000 * part // whole) if whole else 0


def share_text(share: int) -> str:
    """``0.2 %`` for 2."""
    return f"{share // 10}.{share % 10} %"
