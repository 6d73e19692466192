"""Approving on the member's own machine: read the text, digest it here, sign, send.

The digest that is signed is computed here from the text the room sent, so that a room cannot have a steward sign
something else than what they were shown.
"""

from collections.abc import Sequence

from api.cli.remote import policy_path, template_path
from cleanroom.approvals import APPROVAL_DOMAIN, ApprovedText, approval_statement
from cleanroom.client.remote import Json, RoomClient
from cleanroom.crypto import MemberKeys
from cleanroom.errors import IntegrityFailure, PolicyRefused
from cleanroom.names import Digest


def approve_policy(client: RoomClient, keys: MemberKeys, identity: str) -> Json:
    """Sign and activate a submitted version of one's own member's policy.

    Raises:
        IntegrityFailure: CR-A091 the room names another digest than its text has.
    """
    from policies.load import load_policy

    view = client.get(policy_path(identity))
    digest = load_policy(str(view["text"]).encode(), place=identity).digest
    signature = _signed(client, keys, ApprovedText.POLICY, digest, str(view["digest"]))
    return client.post(f"{policy_path(identity)}/approve", {"signature": signature})


def approve_template(client: RoomClient, keys: MemberKeys, identity: str) -> Json:
    """Sign one's member's approval of a template.

    Raises:
        IntegrityFailure: CR-A091, as above.
    """
    view = client.get(template_path(identity))
    claimed = str(view["digest"])
    digest = _digest(view, identity, ())
    if digest != claimed:
        # The template may read a record type of the room's own.
        own = tuple(str(item["document"]) for item in client.every("/contracts") if item.get("document"))
        digest = _digest(view, identity, own)
    signature = _signed(client, keys, ApprovedText.TEMPLATE, digest, claimed)
    return client.post(f"{template_path(identity)}/approve", {"signature": signature})


def _digest(view: Json, identity: str, documents: Sequence[str]) -> Digest | None:
    """The digest of the template's text; None where it cannot be read with these record types."""
    from cleanroom.contracts import load_contract, shipped_contracts
    from queries.template import load_template

    contracts = dict(shipped_contracts())
    for document in documents:
        loaded = load_contract(document.encode(), place="contract")
        contracts[loaded.dataset] = loaded
    try:
        return load_template(str(view["text"]).encode(), place=identity, contracts=contracts).digest
    except PolicyRefused:
        return None


def _signed(client: RoomClient, keys: MemberKeys, text: ApprovedText, digest: Digest | None, claimed: str) -> str:
    if digest is None or digest != claimed:
        raise IntegrityFailure(
            "CR-A091",
            "the room names another digest than its text has",
            help="do not sign; tell the room's operator",
        )
    room = str(client.get("/room")["name"])
    return keys.signing.sign(APPROVAL_DOMAIN, approval_statement(room=room, text=text, digest=digest)).to_text()
