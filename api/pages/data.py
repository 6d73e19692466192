"""Data: datasets and how fresh they are, record types, uploads with their receipts, quality, quarantine."""

import json
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from api.auth import InRoom, Who
from api.pages.chrome import HEADERS, is_part, page
from api.pages.paging import PAGE_SIZE, older
from api.pages.quality import tables
from api.pages.route import PageRoute
from api.principal import Principal
from api.room import Room
from api.usecases.contracts import get_contract, list_contracts
from api.usecases.data import list_datasets, list_snapshots
from api.usecases.ingest import quality_of, quarantine_of
from api.usecases.quality import quality_trend, trend_until
from api.usecases.uploads import UploadView, get_upload, list_uploads
from cleanroom.errors import NotFound
from cleanroom.quality.report import QualityReport
from cleanroom.state import UploadState, UserRole

router = APIRouter(route_class=PageRoute)

_OPEN = frozenset({UploadState.RECEIVED, UploadState.INGESTING})
_BLOCK = 1 << 16


@router.get("/data")
def show_all(request: Request, room: InRoom, who: Who) -> Response:
    """One's own datasets, others' one may ask about, the room's record types and one's latest uploads."""
    datasets = list_datasets(room, who)
    return page(
        request,
        "data.html",
        who=who,
        own=[view for view in datasets if view.member == who.member],
        others=[view for view in datasets if view.member != who.member],
        contracts=list_contracts(room),
        uploads=list_uploads(room, who, limit=8) if _may_see_uploads(who) else (),
        can_upload=who.has(UserRole.UPLOADER),
        today=room.surroundings.now().date(),
    )


@router.get("/data/uploads")
def show_uploads(request: Request, room: InRoom, who: Who, before: str = "") -> Response:
    """One's own member's uploads."""
    found = list_uploads(room, who, after=before or None, limit=PAGE_SIZE + 1)
    return page(
        request, "uploads.html", who=who, uploads=found[:PAGE_SIZE], older=older(found, lambda view: view.upload_id)
    )


@router.get("/data/uploads/{upload_id}")
def show_upload(request: Request, room: InRoom, who: Who, upload_id: str) -> Response:
    """One upload: where it stands, its receipt, what was found in it."""
    view = get_upload(room, who, upload_id)
    report = _report(room, who, view)
    template = "part_upload.html" if is_part(request) else "upload.html"
    return page(
        request,
        template,
        who=who,
        view=view,
        receipt=_receipt(view),
        report=report,
        tables=None if report is None else tables(trend_until(room, who, upload_id), report),
        is_open=view.state in _OPEN,
        can_upload=who.has(UserRole.UPLOADER),
    )


@router.get("/data/uploads/{upload_id}/receipt.json")
def get_receipt(room: InRoom, who: Who, upload_id: str) -> Response:
    """The signed receipt, to be kept."""
    view = get_upload(room, who, upload_id)
    if view.receipt is None:
        raise NotFound("CR-L003", "no such entry in `receipts`", help="the receipt comes when the upload is committed")
    disposition = f'attachment; filename="receipt-{view.upload_id}.json"'
    return Response(
        view.receipt, media_type="application/json", headers={**HEADERS, "Content-Disposition": disposition}
    )


@router.get("/data/uploads/{upload_id}/quarantine.csv")
def get_quarantine(room: InRoom, who: Who, upload_id: str) -> StreamingResponse:
    """Row numbers and reasons of what was put aside."""
    file = quarantine_of(room, who, upload_id)
    disposition = f'attachment; filename="quarantine-{get_upload(room, who, upload_id).upload_id}.csv"'
    return StreamingResponse(
        iter(lambda: file.read(_BLOCK), b""),
        media_type="text/csv; charset=utf-8",
        headers={**HEADERS, "Content-Disposition": disposition},
    )


@router.get("/data/{dataset}")
def show(request: Request, room: InRoom, who: Who, dataset: str) -> Response:
    """One record type, with one's own member's snapshots of it."""
    contract = get_contract(room, dataset)
    return page(
        request,
        "dataset.html",
        who=who,
        contract=contract,
        snapshots=tuple(reversed(list_snapshots(room, who, dataset)))[:PAGE_SIZE],
        holders=[view for view in list_datasets(room, who) if view.dataset == contract.dataset],
        can_see_uploads=_may_see_uploads(who),
        tables=tables(quality_trend(room, who, dataset)) if _may_see_uploads(who) else None,
    )


def _may_see_uploads(who: Principal) -> bool:
    return who.has(UserRole.UPLOADER, UserRole.STEWARD)


def _receipt(view: UploadView) -> Mapping[str, object] | None:
    return None if view.receipt is None else json.loads(view.receipt)["receipt"]


def _report(room: Room, who: Principal, view: UploadView) -> QualityReport | None:
    try:
        return quality_of(room, who, view.upload_id)
    except NotFound:
        return None
