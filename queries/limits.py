"""The bounds of a question's text and shape, in one table (INVARIANT I1)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryLimits:
    """Upper bounds, all inclusive. Generous for people, small for machines: a 50-line query uses a tenth of them."""

    max_bytes: int = 32_768
    max_tokens: int = 4_000
    max_depth: int = 24  # parentheses, brackets and CASE together
    max_prefix_run: int = 6  # `NOT NOT ...`, `- - ...`: each costs the parser a stack of frames
    max_list_items: int = 1_000  # commas at one level
    max_literal_chars: int = 1_000
    max_digits: int = 18
    max_name_chars: int = 64
    max_selects: int = 12  # SELECT keywords in the text, before they are counted properly
    max_joins: int = 7  # JOIN keywords; sqlglot's time doubles with each JOIN that has no ON
    max_tree_depth: int = 64
    max_sources: int = 8
    max_outputs: int = 64
    max_dimensions: int = 16
    max_aggregates: int = 64
    max_predicate_terms: int = 500
    max_rows: int = 1_000_000  # LIMIT


LIMITS = QueryLimits()
