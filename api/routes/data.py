"""/v1/datasets, and the quality report and quarantine of an upload."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from api.auth import InRoom, Who
from api.usecases import data as story
from api.usecases import ingest, quality
from api.usecases.data import DatasetView, SnapshotView

router = APIRouter(tags=["data"])


@router.get("/datasets")
def list_datasets(room: InRoom, who: Who) -> list[DatasetView]:
    """One's own datasets, and those of others one's member may ask about."""
    return list(story.list_datasets(room, who))


@router.get("/datasets/{dataset}/snapshots")
def list_snapshots(room: InRoom, who: Who, dataset: str) -> list[SnapshotView]:
    """The commits of one's own member's dataset, oldest first."""
    return list(story.list_snapshots(room, who, dataset))


@router.get("/datasets/{dataset}/quality", response_model=dict[str, Any])
def get_quality_trend(room: InRoom, who: Who, dataset: str) -> Response:
    """Quality over the last files of one's own member's dataset; no files where it has none, or there is none (I17)."""
    trend = quality.quality_trend(room, who, dataset)
    return Response(trend.to_json(), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/uploads/{upload_id}/quality", response_model=dict[str, Any])
def get_quality(room: InRoom, who: Who, upload_id: str) -> Response:
    """The quality report of an upload of one's own member."""
    report = ingest.quality_of(room, who, upload_id)
    return Response(report.to_json(), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/uploads/{upload_id}/quarantine", response_class=StreamingResponse)
def get_quarantine(room: InRoom, who: Who, upload_id: str) -> StreamingResponse:
    """Row numbers and reasons of the rows that were quarantined, CSV; for the uploader only."""
    file = ingest.quarantine_of(room, who, upload_id)
    return StreamingResponse(
        iter(lambda: file.read(1 << 16), b""),
        media_type="text/csv; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )
