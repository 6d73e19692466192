"""/v1/uploads: tus 1.0 (core, creation, expiration, termination), our own small server.

The manifest comes with the creation, in the body (``application/json``) or as ``Upload-Metadata``; the rows follow in
``PATCH`` requests of any size. Bytes are encrypted while they arrive; a connection that breaks loses nothing that came.
"""

import asyncio
import base64
import binascii
import json
from datetime import timedelta
from email.utils import format_datetime

from fastapi import APIRouter, Header, Request, Response, status
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.auth import InRoom, Who
from api.principal import Principal
from api.room import Room
from api.routes.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page_of
from api.usecases import uploads as story
from api.usecases.uploads import UploadView
from api.worker import wake
from cleanroom.client.manifest import MAX_MANIFEST_BYTES
from cleanroom.crypto.stream import EncryptingWriter
from cleanroom.errors import Conflict, UsageProblem
from cleanroom.state.uploads import UploadRecord

router = APIRouter(tags=["uploads"])

TUS_VERSION = "1.0.0"
_OFFSET_TYPE = "application/offset+octet-stream"
_BATCH_BYTES = 1 << 20
_TUS = {"Tus-Resumable": TUS_VERSION, "Cache-Control": "no-store"}
_ANY_SIZE = story.MAX_UPLOAD_BYTES + 1


@router.options("/uploads")
def describe() -> Response:
    """What this server speaks."""
    headers = {
        "Tus-Version": TUS_VERSION,
        "Tus-Extension": "creation,expiration,termination",
        "Tus-Max-Size": str(story.MAX_UPLOAD_BYTES),
    }
    return Response(status_code=status.HTTP_204_NO_CONTENT, headers=_TUS | headers)


@router.post("/uploads", status_code=status.HTTP_201_CREATED)
async def create(
    request: Request,
    room: InRoom,
    who: Who,
    tus_resumable: str = Header(default=""),
    upload_length: str = Header(default=""),
    upload_metadata: str = Header(default=""),
) -> Response:
    """Begin an upload."""
    _speaks_tus(tus_resumable)
    if request.headers.get("content-type", "").startswith("application/json"):
        given = _from_body(await request.body())
    else:
        given = _from_metadata(upload_metadata)
    view = await run_in_threadpool(
        story.open_upload,
        room,
        who,
        manifest=given.get("manifest", "").encode(),
        size=_number(upload_length, "Upload-Length"),
        mode=given.get("mode", "append"),
        period=given.get("period"),
    )
    headers = {
        "Location": f"{request.url.path}/{view.upload_id}",
        "Upload-Expires": format_datetime(view.expires_at, usegmt=True),
    }
    return Response(status_code=status.HTTP_201_CREATED, headers=_TUS | headers)


@router.head("/uploads/{upload_id}")
def offset(room: InRoom, who: Who, upload_id: str) -> Response:
    """How far an upload came."""
    view = story.get_upload(room, who, upload_id)
    headers = {"Upload-Offset": str(view.offset), "Upload-Length": str(view.size)}
    return Response(status_code=status.HTTP_200_OK, headers=_TUS | headers)


@router.patch("/uploads/{upload_id}", status_code=status.HTTP_204_NO_CONTENT, max_body_size=_ANY_SIZE)
async def append(
    request: Request,
    room: InRoom,
    who: Who,
    upload_id: str,
    tus_resumable: str = Header(default=""),
    upload_offset: str = Header(default=""),
) -> Response:
    """Send more of it; 409 when the offset is not where the upload stands."""
    _speaks_tus(tus_resumable)
    if request.headers.get("content-type", "") != _OFFSET_TYPE:
        raise UsageProblem("CR-A022", f"send the bytes as {_OFFSET_TYPE}")
    record = await run_in_threadpool(story.receivable, room, who, upload_id)
    if _number(upload_offset, "Upload-Offset") != record.offset:
        raise Conflict("CR-A018", "the upload stands elsewhere", help="ask for the offset with HEAD, then go on there")
    reached = await _take(request, room, who, record)
    expires = room.surroundings.now() + timedelta(hours=story.UPLOAD_TTL_HOURS)
    headers = {"Upload-Offset": str(reached), "Upload-Expires": format_datetime(expires, usegmt=True)}
    if reached == record.size:
        wake(room)
    return Response(status_code=status.HTTP_204_NO_CONTENT, headers=_TUS | headers)


@router.delete("/uploads/{upload_id}", status_code=status.HTTP_204_NO_CONTENT)
def terminate(room: InRoom, who: Who, upload_id: str) -> Response:
    """Give up an upload that is not whole yet."""
    story.abandon(room, who, upload_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT, headers=_TUS)


@router.get("/uploads")
def list_uploads(
    room: InRoom, who: Who, dataset: str | None = None, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[UploadView]:
    """One's own member's uploads, newest first."""
    found = story.list_uploads(room, who, dataset=dataset, after=cursor, limit=limit + 1)
    return page_of(found, limit=limit, key=lambda view: view.upload_id)


@router.get("/uploads/{upload_id}")
def get_upload(room: InRoom, who: Who, upload_id: str) -> UploadView:
    """One upload: where it stands, and its signed receipt once it is committed."""
    return story.get_upload(room, who, upload_id)


async def _take(request: Request, room: Room, who: Principal, record: UploadRecord) -> int:
    """Write the request's body behind the recorded offset; whatever came is kept, also when the connection broke."""
    file = story.file_of(room, record)
    context = file.appending(record.offset)
    writer = await run_in_threadpool(context.__enter__)
    try:
        await _copy(request, writer, record.size)
        reached = writer.written_bytes
        if reached == record.size:
            await run_in_threadpool(writer.close)
        else:
            reached = await run_in_threadpool(file.keep, writer)
        await run_in_threadpool(story.advance, room, who, record, reached)
        await run_in_threadpool(file.forget_rests, but=None if reached == record.size else reached)
    except BaseException as failure:
        # Through the context, which tells a full disk from a defect.
        await run_in_threadpool(context.__exit__, type(failure), failure, failure.__traceback__)
        raise
    await run_in_threadpool(context.__exit__, None, None, None)
    return reached


async def _copy(request: Request, writer: EncryptingWriter, size: int) -> None:
    """Take the body in batches: each is encrypted and written in a thread while the next one arrives."""
    batch = bytearray()
    writing: asyncio.Task[int] | None = None
    taken = writer.written_bytes
    try:
        async for chunk in request.stream():
            taken += len(chunk)
            if taken > size:
                raise UsageProblem("CR-A007", "there are more bytes than the upload was opened for")
            batch += chunk
            if len(batch) >= _BATCH_BYTES:
                if writing is not None:
                    await writing
                writing, batch = asyncio.create_task(run_in_threadpool(writer.write, batch)), bytearray()
    except ClientDisconnect:
        pass  # what came is kept; the client asks for the offset when it is back
    finally:
        if writing is not None:
            await writing
    if batch:
        await run_in_threadpool(writer.write, batch)


def _speaks_tus(version: str) -> None:
    if version != TUS_VERSION:
        raise UsageProblem("CR-A013", f"send Tus-Resumable: {TUS_VERSION}")


def _number(text: str, header: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise UsageProblem("CR-A009", f"{header} is a whole number")
    return int(text)


def _from_body(body: bytes) -> dict[str, str]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise UsageProblem("CR-A009", "the body is not JSON") from None
    if not isinstance(content, dict):
        raise UsageProblem("CR-A009", "the body is not a JSON object")
    manifest = content.get("manifest")
    found = {key: content[key] for key in ("mode", "period") if isinstance(content.get(key), str)}
    return {**found, "manifest": manifest if isinstance(manifest, str) else json.dumps(manifest)}


def _from_metadata(header: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if len(header) > 2 * MAX_MANIFEST_BYTES:
        raise UsageProblem("CR-A009", "Upload-Metadata is too long")
    for pair in header.split(","):
        key, _, value = pair.strip().partition(" ")
        if key in {"manifest", "mode", "period"}:
            try:
                found[key] = base64.b64decode(value, validate=True).decode()
            except (binascii.Error, ValueError):
                raise UsageProblem("CR-A009", "Upload-Metadata holds base64 values") from None
    return found
