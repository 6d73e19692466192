"""``query check`` on plain folders: a template or SQL text against policies, without any room."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from cleanroom.contracts.model import Contract
from cleanroom.errors import PolicyRefused
from cleanroom.names import DatasetName, MemberName
from policies.model import DataPolicy, Mode
from queries.check import CheckResult, check, question_for
from queries.parameters import Parameters
from queries.public import violation_json
from queries.template import is_template, load_template


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCheck:
    """The folders and circumstances of a check; see ``queries.check.question_for`` for what may be left out."""

    contracts: Mapping[DatasetName, Contract]
    policies: tuple[DataPolicy, ...]
    querier: MemberName | None
    purpose: str | None
    today: date
    floor: int

    def check(self, text: bytes, *, place: str, values: Mapping[str, str]) -> CheckResult:
        """Decide about one text.

        Raises:
            PolicyRefused: a template's front matter or query is refused before policies are asked.
            UsageProblem: who asks, or why, is not clear.
        """
        head = text[:200].decode("utf-8", "replace")
        if is_template(head):
            template = load_template(text, place=place, contracts=self.contracts)
            given = template.with_values(values) if values else Parameters(declared=template.parameters, complete=True)
            return self._decide(template.sql, Mode.TEMPLATES, self.purpose or template.purpose, given)
        return self._decide(text, Mode.AD_HOC, self.purpose, Parameters(given=dict(values)))

    def refused_json(self, refused: PolicyRefused) -> dict[str, object]:
        """The public JSON of a refusal that came before a decision."""
        found = [violation_json(violation) for violation in refused.violations]
        return {"decision": "refused", "violations": found, "obligations": {}, "sql": "", "reads": {}}

    def _decide(self, text: str | bytes, mode: Mode, purpose: str | None, given: Parameters) -> CheckResult:
        question = question_for(
            self.policies, today=self.today, mode=mode, querier=self.querier, purpose=purpose, floor=self.floor
        )
        return check(text, contracts=self.contracts, policies=self.policies, question=question, parameters=given)
