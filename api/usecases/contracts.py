"""Contracts: the record types of the room, and how an operator adds one."""

from dataclasses import dataclass

from api.principal import Principal
from api.room import Room
from cleanroom.canonical import digest_of
from cleanroom.contracts import Contract, load_contract
from cleanroom.errors import DataRefused, NotFound
from cleanroom.names import DatasetName
from cleanroom.state import UserRole

_MAX_TEXT = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnView:
    """One column in words."""

    name: str
    type: str
    role: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractView:
    """A record type as stored in the room; ``identifiers`` never leave the member's machine.

    ``document`` is the ODCS text of a record type of the room's own, None for a shipped one.
    """

    dataset: str
    title: str
    version: str
    description: str
    natural_key: tuple[str, ...]
    privacy_unit: str | None
    columns: tuple[ColumnView, ...]
    identifiers: tuple[ColumnView, ...]
    document: str | None = None


def add_contract(room: Room, who: Principal, document: str) -> ContractView:
    """Add a version of a record type, from an ODCS v3.1 document.

    Raises:
        NotAuthorised: CR-A003. DataRefused: CR-C001 to CR-C003, CR-A046. Conflict: CR-L004.
    """
    who.need(UserRole.OPERATOR)
    content = document.encode()
    if len(content) > _MAX_TEXT:
        raise DataRefused("CR-A046", "the text is longer than 1 MB")
    contract = load_contract(content, place="contract")
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        tx.contracts.add(contract.dataset, version=contract.version, document=document, digest=digest_of(content))
    return _view(contract, document)


def list_contracts(room: Room) -> tuple[ContractView, ...]:
    """All record types by name."""
    own = _own_documents(room)
    return tuple(_view(contract, own.get(name)) for name, contract in sorted(room.contracts().items()))


def get_contract(room: Room, dataset: str) -> ContractView:
    """One record type. Raises NotFound CR-L003."""
    found = room.contracts().get(DatasetName(dataset))
    if found is None:
        raise NotFound("CR-L003", "no such entry in `contracts`", help="check the name; list what there is")
    return _view(found, _own_documents(room).get(found.dataset))


def _own_documents(room: Room) -> dict[DatasetName, str]:
    with room.state.read() as tx:
        return {record.dataset: record.document for record in tx.contracts.all()}


def _view(contract: Contract, document: str | None) -> ContractView:
    columns = [
        ColumnView(
            name=column.name,
            type=str(column.type),
            role=str(column.role),
            required=column.required,
            description=column.description,
        )
        for column in contract.columns
    ]
    return ContractView(
        dataset=contract.dataset,
        title=contract.title,
        version=contract.version,
        description=contract.description,
        natural_key=contract.natural_key,
        privacy_unit=contract.privacy_unit,
        columns=tuple(column for column in columns if column.role != "identifier"),
        identifiers=tuple(column for column in columns if column.role == "identifier"),
        document=document,
    )
