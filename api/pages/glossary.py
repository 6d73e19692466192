"""The product's words, each in a sentence: what they mean on every page and in every file. Pure data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word and its meaning."""

    word: str
    meaning: str


def _words(**meanings: str) -> tuple[Word, ...]:
    return tuple(Word(word=name.replace("_", " "), meaning=meaning) for name, meaning in meanings.items())


GLOSSARY: tuple[Word, ...] = _words(
    room="Where members' data meet; only approved answers leave it.",
    member="A company in the room: a retailer, a manufacturer or a servicer.",
    dataset="One member's rows of one kind, such as its sales.",
    contract="What a dataset's columns are called, hold and mean; the same for every member.",
    snapshot="A dataset as it was after one upload; answers say which they were made from.",
    token="What stands in place of an identifier: made on the member's own machine with a key the room does not have.",  # noqa: S106 - a word, not a secret
    data_policy="An owner's text: who may ask about a dataset, for what purpose, which columns, with which thresholds.",
    privacy_unit="Whom a threshold counts, for example buyers.",
    minimum_units="How many privacy units a number needs at least before it leaves.",
    join_columns="The columns over which a dataset may be joined with another member's.",
    dimension="A column that cells are split by.",
    measure="A number per cell: a count, sum or average.",
    query_template="A question with parameters that the owners read and approve once.",
    approval="An owner's steward's signature over a template or policy.",
    run="A question somebody asked, and where it stands.",
    insight="A question of the trade with its formula and chart, computed from released answers alone.",
    report="A release on a page, with its chart and files.",
    release="The answer that left: what every receiver may hold.",
    cell="One number of an answer.",
    suppressed_cell="A number that does not leave, shown as withheld; its reason is told, its size is not.",
    contributor="A member whose rows take part in a number.",
    dominance="One member holding so much of a number that it would show that member.",
    privacy_budget="What the room remembers to have released, so that answers together tell no more than each alone.",
    ledger="What keeps the privacy budget: every released cell, and what follows from it.",
    quarantine="Rows of an upload that break a rule and are not in the dataset; the receipt counts them.",
    receipt="What the room says it did with an upload, signed.",
    log="Who did what when, chained so that nothing can be rewritten unnoticed.",
    steward="The person of a member who writes its policies and approves queries.",
    months_in_service="Whole months since the retail sale of a unit.",
    Nevada_chart="Sale months in rows, claim months in columns: when the units of each month fail.",
    no_fault_found="A claim or return whose bench test finds nothing wrong.",
    attach_rate="Plans or accessories sold, over units sold.",
    care_plan="A retailer's service contract beyond the maker's warranty.",
    sell_through="Units sold by a retailer to people, over units shipped to it.",
    restatement="Data that replace what was sent before.",
)
