"""What binding knows beside the tree: the contracts it may see, the parameters, the way the question came."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from cleanroom.contracts.model import Contract
from cleanroom.errors import Span
from cleanroom.names import DatasetName
from policies.model import Mode
from queries.parameters import Parameters
from queries.parse import ParsedQuery
from queries.refusal import Refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One binding. ``contracts`` are already cut down to what the querier may see (I17); ``found`` fills up."""

    parsed: ParsedQuery
    contracts: Mapping[DatasetName, Contract]
    mode: Mode
    parameters: Parameters
    found: Refusals

    def span(self, node: exp.Expr) -> Span:
        """Where ``node`` stands in the text; what is around it where sqlglot kept no place (TRUE, NULL, ``:name``)."""
        return self.parsed.places.around(node)

    def text(self, node: exp.Expr) -> str:
        """The text of ``node`` as written, for rewrites."""
        span = self.parsed.places.of_node(node)
        return self.parsed.text[span.start : span.end] if span is not None else ""


def bare(node: exp.Expr) -> exp.Expr:
    """``node`` without the brackets around it."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node
