"""INVARIANT I13: the released answer over tokens equals the clear one, and nobody below k is in it."""

from pathlib import Path

from tests.flows.drops import MAPPING, SKIPPED, utf8_copies, write_drops
from tests.flows.feed import feed
from tests.flows.shared_answer import K, shared_answer


def test_sales_join_registrations_equals_a_query_over_the_clear_data(tmp_path: Path) -> None:
    """By country and month under k = 25; some cells released, some withheld, each for its reason."""
    with feed(tmp_path) as shop:
        (tmp_path / "sales.yaml").write_text(MAPPING)
        files = write_drops(tmp_path / "drops", days=6, rows=500)
        for path in files:
            shop.push(path, tmp_path / "sales.yaml")
        compared = shared_answer(shop, utf8_copies(files, tmp_path / "utf8"), SKIPPED, share=0.5)
        compared.holds()
        assert {buyers >= K for _, buyers in compared.clear.values()} == {True, False}
