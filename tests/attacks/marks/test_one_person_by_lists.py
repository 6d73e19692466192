"""One person on the maker's list, and everything an answer says beside its numbers: nothing of it tells who is known.

Each group of questions was seen to tell the two rooms apart before the defence it names.
"""

from pathlib import Path

import pytest

from tests.attacks.marks.worlds import Worlds

_UNIT = "FROM registrations r {kind} sales s ON r.unit_token = s.unit_token"
_OWNER = "FROM registrations r {kind} sales s ON r.owner_token = s.buyer_token"
_INNER, _LEFT = "JOIN", "LEFT JOIN"

ATTACKS = {
    "ten own rows with one token: the row stands there only if the token is known": [
        f"SELECT r.model, COUNT(DISTINCT s.sale_id) AS n {_UNIT.format(kind=_INNER)} GROUP BY r.model",
        f"SELECT r.model, r.region, COUNT(DISTINCT r.owner_token) AS n {_UNIT.format(kind=_INNER)} GROUP BY ALL",
        f"SELECT r.model, COUNT(DISTINCT r.unit_token) AS n {_OWNER.format(kind=_INNER)} GROUP BY r.model",
    ],
    "the same without groups: marks or nothing": [
        f"SELECT COUNT(DISTINCT r.owner_token) AS n {_UNIT.format(kind=_INNER)}",
        f"SELECT COUNT(*) AS n, SUM(s.quantity) AS q {_UNIT.format(kind=_INNER)} WHERE r.model = 'many-owners'",
    ],
    "ten own rows with one token: split by the other's columns the key is what is known of the token": [
        f"SELECT s.region, COUNT(DISTINCT r.owner_token) AS n {_UNIT.format(kind=_LEFT)} GROUP BY s.region",
        f"SELECT s.model, COUNT(*) AS n {_UNIT.format(kind=_LEFT)} WHERE r.model = 'many-owners' GROUP BY s.model",
        f"SELECT date_trunc('month', s.sale_date) AS m, COUNT(*) AS n {_UNIT.format(kind=_LEFT)} GROUP BY m",
        f"SELECT coalesce(s.region, 'none') AS d, COUNT(*) AS n {_UNIT.format(kind=_LEFT)} GROUP BY d",
        f"SELECT CASE WHEN s.region IS NULL THEN 'no' ELSE 'yes' END AS d, COUNT(*) AS n {_UNIT.format(kind=_LEFT)} GROUP BY d",
        f"SELECT date_diff('month', r.registered_date, s.sale_date) AS d, COUNT(*) AS n {_UNIT.format(kind=_LEFT)} GROUP BY d",
    ],
    "the same by WHERE": [
        f"SELECT r.model, COUNT(*) AS n {_UNIT.format(kind=_LEFT)} WHERE s.region IS NOT NULL GROUP BY r.model",
        f"SELECT r.model, COUNT(*) AS n {_UNIT.format(kind=_LEFT)} WHERE s.region IS NULL GROUP BY r.model",
        f"SELECT r.model, COUNT(*) AS n {_OWNER.format(kind=_LEFT)} WHERE s.region IN ('north', 'east') GROUP BY r.model",
    ],
    "a chain that comes back to a list of one's own": [
        f"SELECT c.model, COUNT(DISTINCT r.owner_token) AS n {_UNIT.format(kind=_INNER)} JOIN claims c ON s.unit_token = c.unit_token GROUP BY c.model",
        f"SELECT c.model, COUNT(DISTINCT r.owner_token) AS n {_UNIT.format(kind=_LEFT)} LEFT JOIN claims c ON s.unit_token = c.unit_token GROUP BY c.model",
    ],
    "a list of strangers and one person: whether its rows are multiplied": [
        f"SELECT COUNT(r.registration_id) AS n {_OWNER.format(kind=_LEFT)} WHERE r.model = 'strangers'",
        f"SELECT r.model, COUNT(*) AS n {_OWNER.format(kind=_LEFT)} GROUP BY r.model",
        f"SELECT COUNT(*) AS n, COUNT(DISTINCT r.owner_token) AS o {_OWNER.format(kind=_LEFT)}",
    ],
    "ten own rows with one token: by how much they multiply the other's count": [
        "SELECT s.region, COUNT(*) AS n, SUM(s.quantity) AS q FROM sales s LEFT JOIN registrations r ON s.unit_token = r.unit_token GROUP BY s.region",
        "SELECT COUNT(s.sale_id) AS n, COUNT(DISTINCT s.sale_id) AS d FROM sales s LEFT JOIN registrations r ON s.buyer_token = r.owner_token",
        "SELECT AVG(s.quantity) AS q FROM sales s LEFT JOIN registrations r ON s.unit_token = r.unit_token LEFT JOIN claims c ON r.unit_token = c.unit_token WHERE s.region = 'north'",
    ],
    "how many rows are not listed": [
        f"SELECT r.region, COUNT(DISTINCT s.sale_id) AS n {_OWNER.format(kind=_INNER)} WHERE r.model = 'strangers' GROUP BY r.region",
        f"SELECT r.model, COUNT(DISTINCT s.sale_id) AS n {_OWNER.format(kind=_INNER)} GROUP BY r.model HAVING COUNT(*) > 3",
    ],
    "what is computed from marks, ordered, cut and compared": [
        f"SELECT r.model, COALESCE(COUNT(DISTINCT s.sale_id), 7) AS n, NULLIF(COUNT(*), COUNT(DISTINCT s.sale_id)) AS o {_OWNER.format(kind=_LEFT)} GROUP BY r.model ORDER BY n DESC, o LIMIT 1",
        f"SELECT r.model, COUNT(DISTINCT r.owner_token) AS n {_OWNER.format(kind=_LEFT)} GROUP BY r.model HAVING COUNT(DISTINCT s.sale_id) >= 0 OR COUNT(DISTINCT s.sale_id) < 0",
        f"SELECT r.model, COUNT(DISTINCT r.owner_token) AS n {_OWNER.format(kind=_LEFT)} GROUP BY r.model HAVING COUNT(DISTINCT s.sale_id) IS NULL",
        f"SELECT r.model, 0 * COUNT(DISTINCT s.sale_id) AS n, COUNT(DISTINCT s.sale_id) / 0 AS z {_OWNER.format(kind=_LEFT)} GROUP BY r.model ORDER BY COUNT(DISTINCT s.sale_id) LIMIT 2",
    ],
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=list(ATTACKS))
def test_both_rooms_say_the_same(worlds: Worlds, tmp_path: Path, attack: str) -> None:
    """INVARIANT I13: whoever the person is, the same rows stand there, with the same marks and the same counts."""
    known, strange = worlds.told(tmp_path, ATTACKS[attack])
    assert known == strange
    assert {one.state for one in known} == {"SUCCESS"}
