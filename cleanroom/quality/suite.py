"""Row rules -> the Great Expectations suite of the same ids, and its run. Imported in the worker process only.

Kinds that have an expectation get it; patterns, orders, periods and the guard travel as SQL of ours that selects a
constant, so that no value can be in a result. Results are asked for as ``SUMMARY`` without examples, and only counts
leave this module.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import duckdb
import great_expectations as gx
import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import Expectation

from cleanroom.quality.dialect import use
from cleanroom.quality.rules import RowRule, RuleKind

TABLE = "file_rows"
_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 0}


def run_suite(connection: duckdb.DuckDBPyConnection, rules: Sequence[RowRule]) -> dict[str, int]:
    """How many rows of the connection's ``TABLE`` break each rule, by rule id, as Great Expectations counts them."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    source = context.data_sources.add_sql(name="worker", connection_string=use(connection))
    batch = source.add_table_asset(name="rows", table_name=TABLE).add_batch_definition_whole_table("all").get_batch()
    suite = gx.ExpectationSuite(name="contract", expectations=[expectation(rule) for rule in rules])
    outcome = batch.validate(suite, result_format=_FORMAT)
    by_id = {result.expectation_config.meta["rule"]: result for result in outcome.results}
    return {rule.id: _broken(by_id[rule.id]) for rule in rules}


def expectation(rule: RowRule) -> Expectation:
    """The expectation for one rule; ``meta.rule`` carries its id."""
    meta, column = {"rule": rule.id}, str(rule.columns[0])
    match rule.kind, rule.argument:
        case RuleKind.REQUIRED, _:
            return gxe.ExpectColumnValuesToNotBeNull(column=column, meta=meta)
        case RuleKind.ALLOWED, tuple() as values:
            return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(values), meta=meta)
        case RuleKind.MINIMUM, Decimal() as least:
            return gxe.ExpectColumnValuesToBeBetween(column=column, min_value=float(least), meta=meta)
        case RuleKind.MAXIMUM, Decimal() as most:
            return gxe.ExpectColumnValuesToBeBetween(column=column, max_value=float(most), meta=meta)
        case RuleKind.MAX_LENGTH, int() as longest:
            return gxe.ExpectColumnValueLengthsToBeBetween(column=column, max_value=longest, meta=meta)
        case RuleKind.EARLY, date() as first:
            return gxe.ExpectColumnValuesToBeBetween(column=column, min_value=_moment(first), meta=meta)
        case RuleKind.FUTURE, date() as end:
            return gxe.ExpectColumnValuesToBeBetween(column=column, max_value=_moment(end), strict_max=True, meta=meta)
        case _:
            literal = rule.violated.replace("{", "{{").replace("}", "}}")
            query = f"SELECT 1 AS broken FROM {{batch}} WHERE {literal}"
            return gxe.UnexpectedRowsExpectation(unexpected_rows_query=query, meta=meta)


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001  # stored timestamps are local and have no zone


def _broken(result: object) -> int:
    found = getattr(result, "result", {})
    if getattr(result, "exception_info", None) and "unexpected_count" not in found and "observed_value" not in found:
        raise RuntimeError("an expectation did not run")
    return int(found.get("unexpected_count", found.get("observed_value", 0)) or 0)
