"""Long fuzz of the question's border: ``python -m benchmarks.fuzz_queries COUNT [SEED] [--atheris FOLDER]``.

Mutates legal and hostile texts (splices, repeats, swaps, stray bytes and words) and sends each through bounds, parse,
grammar and bind. Every text must end as a shape or a refusal within its time bound; anything else is printed and fails.
A shape must come back unchanged from its own rendering. A million statements take about half an hour on one core.
With ``--atheris`` the same target runs under atheris' coverage guidance for COUNT runs (extra ``fuzz``; docs/fuzzing.md).
"""

import argparse
import importlib
import random
import resource
import sys
import time
from collections import Counter
from pathlib import Path

import yaml

from cleanroom.contracts import shipped_contracts
from cleanroom.errors import PolicyRefused
from policies.model import Mode
from queries.binding.bind import bind
from queries.parameters import Parameters
from queries.parse import parse
from queries.render import render
from queries.template import with_contributor

_CONTRACTS = with_contributor(shipped_contracts())
MAX_SECONDS = 2.0
SEEDS = (
    (
        "SELECT s.region, date_trunc('month', s.sale_date) AS m, COUNT(DISTINCT s.unit_token) AS units, "
        "ROUND(1000.0 * COUNT(c.claim_id) / NULLIF(COUNT(*), 0), 2) AS r FROM sales s LEFT JOIN claims c "
        "ON s.unit_token = c.unit_token WHERE s.sale_date BETWEEN DATE '2024-01-01' AND '2024-12-31' "
        "AND s.region IN ('n', 's') AND NOT (s.channel = 'web' OR s.brand IS NULL) "
        "GROUP BY s.region, m HAVING COUNT(*) > 5 ORDER BY units DESC NULLS FIRST LIMIT 10"
    ),
    (
        "SELECT CASE WHEN date_diff('month', s.sale_date, c.claim_date) < 12 THEN 'y1' ELSE 'later' END AS age, "
        "SUM(CASE WHEN c.outcome = 'repair' THEN c.total_cost ELSE 0 END) AS cost, AVG(c.total_cost) FILTER (WHERE "
        "c.coverage = 'maker') FROM sales AS s INNER JOIN claims AS c USING (unit_token) GROUP BY ALL"
    ),
    (
        "WITH u AS (SELECT unit_token, COUNT(claim_id) AS n, MIN(claim_date) AS f FROM claims WHERE outcome <> 'deny' "
        "GROUP BY unit_token) SELECT s.model, COUNT(*) FILTER (WHERE u.n >= 2) AS twice FROM sales s LEFT JOIN u "
        "ON u.unit_token = s.unit_token GROUP BY 1 ORDER BY 2"
    ),
    (
        "SELECT coalesce(region, 'none') AS r, year(sale_date) y, COUNT(*) n, n / 2 FROM sales WHERE care_plan "
        "AND quantity >= 1.5 AND :from <= sale_date GROUP BY ALL"
    ),
    (
        "SELECT * EXCLUDE (x) REPLACE (1 AS y) FROM read_csv('f.csv') t, LATERAL (SELECT [1, {'a': 2}]) PIVOT (sum(x) FOR y "
        "IN (1)) QUALIFY row_number() OVER (PARTITION BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) = 1 /* c */ -- d"
    ),
)
_WORDS = (
    "(",
    ")",
    ",",
    ".",
    ";",
    "'",
    '"',
    "*",
    "+",
    "-",
    "/",
    "<",
    ">",
    "=",
    "::",
    ":",
    "$1",
    "?",
    "[",
    "]",
    "{",
    "}",
    "->",
    "/*",
    "*/",
    "--",
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "BY",
    "ALL",
    "HAVING",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "JOIN",
    "LEFT",
    "RIGHT",
    "FULL",
    "CROSS",
    "ASOF",
    "POSITIONAL",
    "NATURAL",
    "SEMI",
    "ANTI",
    "LATERAL",
    "ON",
    "USING",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "AND",
    "OR",
    "NOT",
    "IN",
    "IS",
    "NULL",
    "BETWEEN",
    "DISTINCT",
    "FILTER",
    "OVER",
    "WITHIN",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "VALUES",
    "PIVOT",
    "UNPIVOT",
    "SAMPLE",
    "TABLESAMPLE",
    "QUALIFY",
    "WINDOW",
    "WITH",
    "RECURSIVE",
    "COUNT",
    "SUM",
    "AVG",
    "MIN",
    "MAX",
    "MEDIAN",
    "CAST",
    "TRY_CAST",
    "DATE",
    "TIMESTAMP",
    "INTERVAL",
    "EXTRACT",
    "year",
    "sales",
    "claims",
    "s",
    "c",
    "region",
    "sale_date",
    "unit_token",
    "contributor",
    "0",
    "1",
    "1e9",
    "99999999999999999999",
    "'2024-01-01'",
    "TRUE",
    "FALSE",
    ":p",
    "COLUMNS",
    "EXISTS",
    "ANY",
    "SOME",
    "ROLLUP",
    "CUBE",
    "GROUPING",
    "SETS",
    "COPY",
    "ATTACH",
    "PRAGMA",
    "SET",
    "SUMMARIZE",
    "DESCRIBE",
    "EXPLAIN",
    "LIKE",
    "ILIKE",
    "SIMILAR",
    "GLOB",
    "COLLATE",
    "AT",
    "TIME",
    "ZONE",
    "FETCH",
    "FIRST",
    "ROWS",
    "ONLY",
    "PERCENT",
    "TIES",
    "INTO",
    "FOR",
    "UPDATE",
    "ESCAPE",
    "MATCH_RECOGNIZE",
    "CONNECT",
    "START",
    "PRIOR",
    "NEXT",
    "VALUE",
    "XML",
    "JSON",
)


def mutate(random_: random.Random, text: str) -> str:
    """One to four random edits of ``text``."""
    parts = text.split(" ")
    for _ in range(random_.randint(1, random_.randint(1, 4))):
        at = random_.randrange(len(parts))
        match random_.choice((0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 7)):
            case 0:
                parts[at] = random_.choice(_WORDS)
            case 1:
                parts.insert(at, random_.choice(_WORDS))
            case 2 if len(parts) > 1:
                del parts[at]
            case 3:
                other = random_.choice(SEEDS).split(" ")
                begin = random_.randrange(len(other))
                parts[at:at] = other[begin : begin + random_.randint(1, 12)]
            case 4:
                parts[at:at] = parts[at : at + random_.randint(1, 4)] * random_.randint(1, 40)
            case 5:
                word = parts[at]
                cut = random_.randint(0, len(word))
                parts[at] = (
                    word[:cut]
                    + chr(random_.choice((0, 9, 39, 34, 92, 0x200B, 0x455, 0x2028, 0xD7FF, 0x1F600)))
                    + word[cut:]
                )
            case 6:
                parts[at] = f"({parts[at]}" if random_.random() < 0.5 else f"{parts[at]})"
            case _:
                to = random_.randrange(len(parts))
                parts[at], parts[to] = parts[to], parts[at]
    return " ".join(parts)[:40_000]


def run_one(text: str | bytes) -> str:
    """``shape`` or the refusal's first code.

    Raises:
        AssertionError: a shape that does not survive its own rendering.
    """
    values = {"from": "2024-01-01", "p": "1"}
    readable = text if isinstance(text, str) else text.decode("utf-8", errors="replace")
    given = Parameters(given={name: value for name, value in values.items() if f":{name}" in readable})
    try:
        shape = bind(parse(text), contracts=_CONTRACTS, mode=Mode.TEMPLATES, parameters=given)
    except PolicyRefused as refused:
        return refused.violations[0].code
    again = bind(parse(render(shape)), contracts=_CONTRACTS, mode=Mode.TEMPLATES)
    assert again == shape, "a shape does not survive its rendering"
    return "shape"


def corpus() -> tuple[str, ...]:
    """``SEEDS`` and every statement of the escape corpus: hostile texts mutate into other hostile texts."""
    found = list(SEEDS)
    for file in sorted((Path(__file__).parent.parent / "tests" / "attacks" / "sql").glob("*.yaml")):
        found += [statement["sql"] for statement in yaml.safe_load(file.read_text())]
    return tuple(found)


def main(count: int, seed: int) -> int:
    """Run ``count`` statements; the exit code is 1 if any ended otherwise than it must."""
    random_ = random.Random(seed)  # noqa: S311  # repeatable on purpose
    texts = corpus()
    outcomes: Counter[str] = Counter()
    failures, begun, slowest = 0, time.process_time(), (0.0, "")
    for number in range(count):
        # Half of them from the legal texts: mutations of those get furthest.
        text = mutate(random_, random_.choice(SEEDS if number % 2 else texts))
        start = time.process_time()
        try:
            outcomes[run_one(text)] += 1
        except Exception as error:  # noqa: BLE001  # finding these is the point
            failures += 1
            print(f"#{number} {type(error).__name__}: {text!r}", flush=True)
        slowest = max(slowest, (time.process_time() - start, text))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024)
    print(f"seed {seed}: {count:,} statements from {len(texts):,} texts, {failures} failures")
    print(
        f"{time.process_time() - begun:.0f} s of processor time; peak memory {peak:.0f} "
        + ("bytes" if sys.platform == "darwin" else "MiB")
    )
    print(f"slowest {slowest[0] * 1000:.1f} ms: {slowest[1][:300]!r}")
    print(", ".join(f"{code} {number:,}" for code, number in outcomes.most_common()))
    return 1 if failures or slowest[0] > MAX_SECONDS else 0


def fuzz_with_atheris(count: int, folder: Path) -> None:
    """The same target under atheris, its corpus kept in ``folder``; it stops at the first text that fails."""
    import atheris  # type: ignore[import-untyped]

    folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(corpus()):
        (folder / f"seed-{number:04}").write_bytes(text.encode("utf-8", "surrogatepass"))
    words = folder.parent / f"{folder.name}.dict"
    words.write_text("".join(f'"{word}"\n' for word in _WORDS if '"' not in word))

    # Instrumented is our front half, read anew; sqlglot would take minutes to instrument.
    for name in [name for name in sys.modules if name.partition(".")[0] == "queries"]:
        del sys.modules[name]
    with atheris.instrument_imports(include=["queries"]):
        fresh = importlib.import_module("benchmarks.fuzz_queries")

    def target(data: bytes) -> None:
        fresh.run_one(data)

    options = [f"-runs={count}", f"-dict={words}", "-max_len=4096", "-timeout=10", "-rss_limit_mb=2048"]
    atheris.Setup([sys.argv[0], *options, str(folder)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    parser.add_argument("--atheris", type=Path, metavar="FOLDER", help="fuzz under atheris, keep the corpus in FOLDER")
    arguments = parser.parse_args()
    if arguments.atheris is not None:
        fuzz_with_atheris(arguments.count, arguments.atheris)
    else:
        sys.exit(main(arguments.count, arguments.seed))
