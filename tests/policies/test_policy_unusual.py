"""Policy texts as people and editors write them: every one has a decision, and it is this one."""

import pytest
from policy_room import SALES, TODAY

from cleanroom.contracts import shipped_contracts
from cleanroom.errors import PolicyRefused
from policies.lint import lint
from policies.load import load_policy

_CLEAN: list[str] = []
_UNUSUAL: tuple[tuple[str, str, list[str]], ...] = (
    ('minimum_units: 25', 'minimum_units: &k 25', ['CR-P001']),
    ('queriers: [solstice]\nreceivers: [solstice, harbor]\npurposes: [warranty, service]\nmode: ad_hoc\njoins:\n  required: true\n  columns: [unit_token, buyer_token]\n  with: [claims, registrations, service_tickets]\ncolumns:\n  sku:         {allow: [dimension, filter]}\n  model:       {allow: [dimension, filter]}\n  region:      {allow: [dimension, filter]}\n  sale_date:   {allow: [dimension, filter], grain: month}\n  sale_id:     {allow: [count, count_distinct]}\n  unit_token:  {allow: [count_distinct]}\n  buyer_token: {allow: [count_distinct]}\n  quantity:    {allow: [sum, avg], between: [0, 100]}\n  net_amount:  {allow: [avg], between: [0, 10000]}\ncontributors: {minimum: 3, largest_share: 0.7}\nrelease: {mechanism: suppress}\nzeros: release\nexpires: 2027-12-31', 'queriers: &q [solstice]\nreceivers: [solstice, harbor]\npurposes: [warranty, service]\nmode: ad_hoc\njoins:\n  required: true\n  columns: [unit_token, buyer_token]\n  with: [claims, registrations, service_tickets]\ncolumns:\n  sku:         {allow: [dimension, filter]}\n  model:       {allow: [dimension, filter]}\n  region:      {allow: [dimension, filter]}\n  sale_date:   {allow: [dimension, filter], grain: month}\n  sale_id:     {allow: [count, count_distinct]}\n  unit_token:  {allow: [count_distinct]}\n  buyer_token: {allow: [count_distinct]}\n  quantity:    {allow: [sum, avg], between: [0, 100]}\n  net_amount:  {allow: [avg], between: [0, 10000]}\ncontributors: {minimum: 3, largest_share: 0.7}\nrelease: {mechanism: suppress}\nzeros: release\nexpires: 2027-12-31\nx: *q', ['CR-P001']),
    ('expires: 2027-12-31', 'expires: 2027-12-31\n<<: {zeros: release}', ['CR-P003']),
    ('  sku:         {allow: [dimension, filter]}', '  sku: {<<: {allow: [dimension]}}', ['CR-P003', 'CR-P004']),
    ('expires: 2027-12-31', 'expires: 2027-12-31\nzeros: suppress', ['CR-P006']),
    ('  sku:         {allow: [dimension, filter]}', '  sku: {allow: [dimension]}\n  sku: {allow: [filter]}', ['CR-P006']),
    ('  sku:         {allow: [dimension, filter]}', "  sku: {allow: [dimension]}\n  'sku': {allow: [filter]}", ['CR-P006']),
    ('  sku:         {allow: [dimension, filter]}', '  sku: {allow: [dimension]}\n  SKU: {allow: [filter]}', ['CR-P005']),
    ('minimum_units: 25', 'minimum_units: 025', ['CR-P005']),
    ('minimum_units: 25', 'minimum_units: 0o31', ['CR-P005']),
    ('minimum_units: 25', 'minimum_units: 0x19', ['CR-P005']),
    ('minimum_units: 25', 'minimum_units: 0b11001', ['CR-P005']),
    ('minimum_units: 25', 'minimum_units: 1:25', ['CR-P005']),
    ('minimum_units: 25', 'minimum_units: 1_000', ['CR-P005']),
    ('minimum_units: 25', 'minimum_units: 25.0', ['CR-P005']),
    ('minimum_units: 25', "minimum_units: '25'", ['CR-P005']),
    ('minimum_units: 25', 'minimum_units: -25', ['CR-P005']),
    ('minimum_units: 25', 'minimum_units: 0', ['CR-P005']),
    ('minimum_units: 25', 'minimum_units: 1', ['CR-P026']),
    ('minimum_units: 25', 'minimum_units: 9', ['CR-P026']),
    ('minimum_units: 25', 'minimum_units: 10', _CLEAN),
    ('minimum_units: 25', 'minimum_units: 1e3', ['CR-P005']),
    ('minimum_units: 25', 'minimum_units: 1.0e+3', ['CR-P005']),
    ('minimum_units: 25', 'minimum_units: .inf', ['CR-P005']),
    ('contributors: {minimum: 3, largest_share: 0.7}', 'contributors: {minimum: 3, largest_share: .nan}', ['CR-P005']),
    ('minimum_units: 25', 'minimum_units: yes', ['CR-P005']),
    ('minimum_units: 25', 'minimum_units: ~', ['CR-P005']),
    ('minimum_units: 25', 'minimum_units: [25]', ['CR-P005']),
    ('  required: true', '  required: yes', _CLEAN),
    ('  required: true', '  required: no', _CLEAN),
    ('  required: true', '  required: Off', _CLEAN),
    ('  required: true', '  required: n', ['CR-P005']),
    ('  required: true', '  required: 0', ['CR-P005']),
    ('  required: true', "  required: 'true'", ['CR-P005']),
    ('  required: true', '  required:', ['CR-P005']),
    ('queriers: [solstice]', 'queriers:', ['CR-P005']),
    ('queriers: [solstice]', 'queriers: solstice', ['CR-P005']),
    ('queriers: [solstice]', 'queriers: [no]', ['CR-P005']),
    ('queriers: [solstice]', 'queriers: []', ['CR-P040']),
    ('queriers: [solstice]', "queriers: ['*']", ['CR-P005']),
    ('queriers: [solstice]', 'queriers: [s\u043elstice]', ['CR-P005']),
    ('queriers: [solstice]', 'queriers: [Solstice]', ['CR-P005']),
    ('queriers: [solstice]', 'queriers: [solstice, solstice]', ['CR-P005']),
    ('queriers: [solstice]', 'queriers: [harbor]', _CLEAN),
    ('receivers: [solstice, harbor]', 'receivers: [harbor]', ['CR-P033']),
    ('receivers: [solstice, harbor]', 'receivers: [solstice, harbor, pier]', _CLEAN),
    ('queriers: [solstice]', 'queriers: [solstice, pier]', ['CR-P042']),
    ('purposes: [warranty, service]', 'purposes: []', ['CR-P041']),
    ('purposes: [warranty, service]', 'purposes: [War ranty]', ['CR-P005']),
    ('member: harbor', 'member: hafenstraße', ['CR-P005']),
    ('member: harbor', 'member: 7', ['CR-P005']),
    ('dataset: sales', 'dataset: orders', ['CR-P020']),
    ('dataset: sales', 'dataset: Sales', ['CR-P005']),
    ('apiVersion: cleanroom/v1', 'apiVersion: cleanroom/v2', ['CR-P002']),
    ('kind: DataPolicy', 'kind: datapolicy', ['CR-P002']),
    ('expires: 2027-12-31', 'expires: 2027-12-31\n...', _CLEAN),
    ('  required: true', '\trequired: true', ['CR-P001']),
    ('minimum_units: 25', "minimum_units: !!int '25'", ['CR-P001']),
    ('minimum_units: 25', "minimum_units: !!python/object/apply:os.system ['x']", ['CR-P001']),
    ('expires: 2027-12-31', 'expires: 2020-01-01', ['CR-P032']),
    ('expires: 2027-12-31', 'expires: 2026-11-21', _CLEAN),
    ('expires: 2027-12-31', 'expires: 2027-12-31T23:59:59Z', ['CR-P005']),
    ('expires: 2027-12-31', 'expires: 2027-12-31 23:59:59', ['CR-P005']),
    ('expires: 2027-12-31', "expires: '2027-12-31'", _CLEAN),
    ('expires: 2027-12-31', "expires: '31.12.2027'", ['CR-P005']),
    ('expires: 2027-12-31', 'expires: 20271231', ['CR-P005']),
    ('expires: 2027-12-31', 'expires: never', ['CR-P005']),
    ('expires: 2027-12-31', 'expires: 2027-02-30', ['CR-P005']),
    ('expires: 2027-12-31', 'expires: 0000-01-01', ['CR-P005']),
    ('expires: 2027-12-31', 'expires: 9999-12-31', _CLEAN),
    ('expires: 2027-12-31', 'expires: 2027-1-5', ['CR-P005']),
    ('  quantity:    {allow: [sum, avg], between: [0, 100]}', '  quantity:    {allow: [sum, avg], between: [100, 0]}', ['CR-P005']),
    ('  quantity:    {allow: [sum, avg], between: [0, 100]}', '  quantity:    {allow: [sum, avg], between: [5, 5]}', ['CR-P045']),
    ('  quantity:    {allow: [sum, avg], between: [0, 100]}', '  quantity:    {allow: [sum, avg], between: [5]}', ['CR-P005']),
    ('  quantity:    {allow: [sum, avg], between: [0, 100]}', "  quantity:    {allow: [sum, avg], between: ['0', '100']}", ['CR-P005']),
    ('  quantity:    {allow: [sum, avg], between: [0, 100]}', '  quantity:    {allow: [sum, avg], between: [0, 1e3]}', ['CR-P005']),
    ('  sale_date:   {allow: [dimension, filter], grain: month}', '  sale_date:   {allow: [dimension, filter], between: [2025-01-01, 2025-12-31]}', ['CR-P005']),
    ('  quantity:    {allow: [sum, avg], between: [0, 100]}', '  quantity:    {allow: [sum, avg], between: [-100, -50]}', _CLEAN),
    ('  quantity:    {allow: [sum, avg], between: [0, 100]}', '  quantity:    {allow: [sum, avg], between: [0, 999999999999999999]}', ['CR-P005']),
    ('  quantity:    {allow: [sum, avg], between: [0, 100]}', '  quantity:    {allow: [sum, avg], between: [null, 100]}', ['CR-P005']),
    ('  quantity:    {allow: [sum, avg], between: [0, 100]}', '  quantity:    {allow: [sum, avg], between: [0.0000000001, 100]}', _CLEAN),
    ('  sale_date:   {allow: [dimension, filter], grain: month}', '  sale_date:   {allow: [dimension, filter], grain: week}', ['CR-P005']),
    ('  sale_date:   {allow: [dimension, filter], grain: month}', '  sale_date:   {allow: [dimension, filter], grain: Month}', ['CR-P005']),
    ('  region:      {allow: [dimension, filter]}', '  region: {allow: [dimension, filter], grain: month}', ['CR-P029']),
    ('  sku:         {allow: [dimension, filter]}', '  sku: {allow: []}', ['CR-P005']),
    ('  sku:         {allow: [dimension, filter]}', '  sku: {allow: [filter, filter]}', ['CR-P005']),
    ('  sku:         {allow: [dimension, filter]}', '  sku: {allow: dimension}', ['CR-P005']),
    ('  sku:         {allow: [dimension, filter]}', '  sku: {allow: [all]}', ['CR-P005']),
    ('  sku:         {allow: [dimension, filter]}', '  sku: {allow: [max]}', ['CR-P005']),
    ('  sku:         {allow: [dimension, filter]}', '  sku: {allow: [COUNT]}', ['CR-P005']),
    ('  sku:         {allow: [dimension, filter]}', '  sku: [dimension, filter]', ['CR-P005']),
    ('  sku:         {allow: [dimension, filter]}', '  sku:', ['CR-P005']),
    ('  sku:         {allow: [dimension, filter]}', '  buyer_email: {allow: [dimension, filter]}', ['CR-P021']),
    ('  sku:         {allow: [dimension, filter]}', '  shoe_size: {allow: [dimension, filter]}', ['CR-P021']),
    ('  sku:         {allow: [dimension, filter]}', "  'sku ': {allow: [dimension, filter]}", ['CR-P005']),
    ('  sku:         {allow: [dimension, filter]}', '  \u0455ku: {allow: [dimension, filter]}', ['CR-P005']),
    ('  sku:         {allow: [dimension, filter]}', '  _mask_unit_token: {allow: [dimension, filter]}', ['CR-P005']),
    ('  sku:         {allow: [dimension, filter]}', '  contributor: {allow: [dimension, filter]}', ['CR-P049']),
    ('  sku:         {allow: [dimension, filter]}', '  contributor: {allow: [count_distinct]}', ['CR-P053']),
    ('  sku:         {allow: [dimension, filter]}', '  contributor: {allow: [sum], between: [0, 1]}', ['CR-P053']),
    ('  columns: [unit_token, buyer_token]', '  columns: [unit_token, contributor]', ['CR-P021']),
    ('  buyer_token: {allow: [count_distinct]}', '  buyer_token: {allow: [dimension]}', ['CR-P023']),
    ('privacy_unit: buyer_token', 'privacy_unit: unit_token', ['CR-P050']),
    ('privacy_unit: buyer_token', 'privacy_unit: region', ['CR-P022', 'CR-P023', 'CR-P050']),
    ('privacy_unit: buyer_token', 'privacy_unit: nobody', ['CR-P022', 'CR-P050']),
    ('  unit_token:  {allow: [count_distinct]}', '  unit_token: {allow: [filter]}', ['CR-P025']),
    ('  quantity:    {allow: [sum, avg], between: [0, 100]}', '  quantity: {allow: [sum, avg]}', ['CR-P027', 'CR-P044']),
    ('  sku:         {allow: [dimension, filter]}', '  sku: {allow: [sum], between: [0, 1]}', ['CR-P028']),
    ('  sku:         {allow: [dimension, filter]}', '  sku: {allow: [dimension], between: [0, 1]}', ['CR-P053']),
    ('  with: [claims, registrations, service_tickets]', '  with: []', ['CR-P030']),
    ('  with: [claims, registrations, service_tickets]', '  with: [sales]', _CLEAN),
    ('  with: [claims, registrations, service_tickets]', '  with: [claimz]', ['CR-P031']),
    ('  with: [claims, registrations, service_tickets]', '  with: [products]', ['CR-P031']),
    ('  columns: [unit_token, buyer_token]', '  columns: [region]', ['CR-P024']),
    ('  columns: [unit_token, buyer_token]', '  columns: [unit_token, unit_token]', ['CR-P005']),
    ('contributors: {minimum: 3, largest_share: 0.7}', 'contributors: {minimum: 3, largest_share: 0}', ['CR-P005']),
    ('contributors: {minimum: 3, largest_share: 0.7}', 'contributors: {minimum: 3, largest_share: 1.5}', ['CR-P005']),
    ('contributors: {minimum: 3, largest_share: 0.7}', 'contributors: {minimum: 3, largest_share: 70%}', ['CR-P005']),
    ('contributors: {minimum: 3, largest_share: 0.7}', 'contributors: {minimum: 3, largest_share: .7}', _CLEAN),
    ('contributors: {minimum: 3, largest_share: 0.7}', 'contributors: {minimum: 3, largest_share: 0.2}', ['CR-P052']),
    ('contributors: {minimum: 3, largest_share: 0.7}', 'contributors: {minimum: 1, largest_share: 0.7}', ['CR-P005']),
    ('contributors: {minimum: 3, largest_share: 0.7}', 'contributors: {minimum: 2, largest_share: 0.7}', ['CR-P047']),
    ('contributors: {minimum: 3, largest_share: 0.7}', 'contributors: {minimum: 1000, largest_share: 0.7}', _CLEAN),
    ('release: {mechanism: suppress}', 'release: {mechanism: round}', ['CR-P005']),
    ('release: {mechanism: suppress}', 'release: {mechanism: round, base: 1}', ['CR-P005']),
    ('release: {mechanism: suppress}', 'release: {mechanism: round, base: 5}', _CLEAN),
    ('release: {mechanism: suppress}', 'release: {mechanism: round, base: 5.0}', ['CR-P005']),
    ('release: {mechanism: suppress}', 'release: {mechanism: suppress, base: 5}', ['CR-P005']),
    ('release: {mechanism: suppress}', 'release: {mechanism: perturb}', ['CR-P034']),
    ('release: {mechanism: suppress}', 'release: {mechanism: differential_privacy, epsilon: 1, delta: 1e-5}', ['CR-P005']),
    ('zeros: release', 'zeros: true', ['CR-P005']),
    ('mode: ad_hoc', 'mode: adhoc', ['CR-P005']),
    ('mode: ad_hoc', 'mode:', ['CR-P005']),
    ('expires: 2027-12-31', "expires: 2027-12-31\nrow_filter: region = 'n'", ['CR-P003']),
    ('minimum_units: 25', 'minimum_unit: 25', ['CR-P003', 'CR-P004']),
    ('  required: true', '  required: true\n  kind: inner', ['CR-P003']),
    ('version: 1', 'version: 0', ['CR-P005']),
    ('version: 1', "version: 'v1'", ['CR-P005']),
    ('version: 1', 'version: 1.1', ['CR-P005']),
    ('expires: 2027-12-31', 'expires: 2027-12-31\ntwo_person: [ed25519-v1:AvmNBV9pUCaKSBtNZ1aWAuX1sNE+8cs3Aidf6vjLA1c=]', ['CR-P005']),
    ('expires: 2027-12-31', 'expires: 2027-12-31\ntwo_person: [ed25519-v1:AvmNBV9pUCaKSBtNZ1aWAuX1sNE+8cs3Aidf6vjLA1c=, ed25519-v1:AvmNBV9pUCaKSBtNZ1aWAuX1sNE+8cs3Aidf6vjLA1c=]', ['CR-P005']),
    ('expires: 2027-12-31', 'expires: 2027-12-31\ntwo_person: [a, b]', ['CR-P005']),
    ('expires: 2027-12-31', 'expires: 2027-12-31\n? [a, b]\n: c', ['CR-P003']),
    ('expires: 2027-12-31', 'expires: 2027-12-31\n~: x', ['CR-P003']),
    ('expires: 2027-12-31', 'expires: 2027-12-31\n5: x', ['CR-P003']),
    ('member: harbor', 'member: |\n  harbor', ['CR-P005']),
    ('member: harbor', 'member: >-\n  harbor', _CLEAN),
    ('minimum_units: 25', 'minimum_units: 2 #5', ['CR-P026']),
    ('member: harbor', 'member: harbor # \u202e', ['CR-P001']),
    ('minimum_units: 25', 'minimum_units:\xa025', ['CR-P001']),
)  # fmt: skip
"""(what stands in harbor's sales, what stands there instead, the codes it is refused or warned with)."""


@pytest.mark.parametrize(("old", "new", "codes"), _UNUSUAL)
def test_an_unusual_text_has_one_decision(old: str, new: str, codes: list[str]) -> None:
    """Read and linted, or refused; never something else than a reader of YAML would take it for."""
    assert old in SALES
    assert _codes(SALES.replace(old, new, 1).encode()) == codes


@pytest.mark.parametrize(
    "document",
    [
        SALES.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + SALES.encode(),
        b"---\n" + SALES.encode(),
        SALES.encode() + b"...\n",
    ],
)
def test_what_editors_add_changes_nothing(document: bytes) -> None:
    """Line ends of Windows, a byte order mark, markers around the document: the same policy, the same digest."""
    assert load_policy(document, place="x").digest == load_policy(SALES.encode(), place="x").digest


@pytest.mark.parametrize(
    ("old", "new", "help_text"),
    [
        ("minimum_units: 25", "minimum_units: '25'", "write a whole number in plain digits"),
        ("minimum_units: 25", "minimum_units: 025", "no leading zero"),
        ("required: true", "required: 0", "write true or false"),
        ("queriers: [solstice]", "queriers: solstice", "write a list"),
        ("expires: 2027-12-31", "expires: 31.12.2027", "write the day as 2027-12-31"),
        ("sku:         {allow: [dimension, filter]}", "sku: [dimension]", "{key: value}"),
    ],
)
def test_a_wrong_value_is_answered_with_how_to_write_it(old: str, new: str, help_text: str) -> None:
    """The help says what to type, and nothing of what was typed comes back."""
    with pytest.raises(PolicyRefused, match="CR-P005") as refused:
        load_policy(SALES.replace(old, new, 1).encode(), place="x")
    assert help_text in refused.value.violations[0].help
    assert "31.12" not in refused.value.violations[0].message


def _codes(document: bytes) -> list[str]:
    try:
        read = load_policy(document, place="x")
    except PolicyRefused as refused:
        return sorted({violation.code for violation in refused.violations})
    return sorted({finding.code for finding in lint([read], contracts=shipped_contracts(), today=TODAY)})
