from typing import Annotated

from fastapi import Path, Request, Response

from app.exchange.municipal import queries, service
from app.exchange.municipal.channels import Connections
from app.exchange.municipal.queries import NoChannel, NoRecord
from app.exchange.municipal.schemas import (
    ChannelList,
    ChannelOut,
    ChannelResendIn,
    ContactFilter,
    ContactRow,
    ProjectReported,
    ReasonIn,
    RecordFilter,
    RecordOut,
    RecordRow,
    ResentOut,
)
from app.facts.projects.queries import NoProject
from app.identity.auth.access import Read, reads, requires
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.errors import Invalid, raises
from app.kernel.paging import page_of
from app.kernel.replies import encode, saved
from app.kernel.routing import api

router = api("municipal")

Reader = Annotated[Read, reads(Permission.MUNICIPAL_READ)]
Sender = Annotated[Actor, requires(Permission.MUNICIPAL_SEND)]
ChannelCode = Annotated[
    str, Path(description="通道代码", pattern=r"^[A-Za-z0-9_]{1,32}$", examples=["city"])
]  # fmt: skip
RecordNumber = Annotated[int, Path(description="记录号", ge=1, le=2**63 - 1, examples=[17])]
ProjectCode = Annotated[
    str, Path(description="项目编号", pattern="^[0-9A-Za-z-]{1,20}$", examples=["500114-2020-0001"])
]  # fmt: skip


def connections_of(request: Request) -> Connections:
    """The channels that this machine has settings for."""
    found: Connections = request.app.state.connections
    return found


def answered(data: object) -> Response:
    """What changes without events: read anew each time."""
    body = data if isinstance(data, bytes) else encode(data)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


# -- channels ------------------------------------------------------------------------------------------------------


@router.get("/municipal/channels", summary="上报通道总览", response_model=ChannelList)
async def list_municipal_channels(request: Request, read: Reader) -> Response:
    """How every channel to the municipal system stands: backlog, rejections, speed, last contact, circuit."""
    return answered(await read.fresh(queries.channels, connections_of(request)))


@router.get(
    "/municipal/channels/{code}",
    summary="一个上报通道",
    response_model=ChannelOut,
    responses=raises(NoChannel, Invalid),
)
async def get_municipal_channel(request: Request, read: Reader, code: ChannelCode) -> Response:
    """How one channel stands. Addresses beyond the host, and credentials, are never told."""
    return answered(await read.fresh(queries.channel, connections_of(request), code))


@router.post(
    "/municipal/channels/{code}/pause",
    summary="暂停报送",
    response_model=ChannelOut,
    responses=raises(NoChannel, service.AlreadyPaused, Invalid),
)
def pause_municipal_channel(request: Request, code: ChannelCode, body: ReasonIn, db: Db, actor: Sender) -> Response:
    """Send nothing over this channel until it is resumed. What the city should hold is still followed."""
    service.pause(db, connections_of(request), code, body.reason)
    return _channel(request, db, actor, code)


@router.post(
    "/municipal/channels/{code}/resume",
    summary="恢复报送",
    response_model=ChannelOut,
    responses=raises(NoChannel, service.NotPaused, Invalid),
)
def resume_municipal_channel(request: Request, code: ChannelCode, body: ReasonIn, db: Db, actor: Sender) -> Response:
    """Send again, at once: what failures had opened the circuit are forgotten."""
    service.resume(db, connections_of(request), code, body.reason)
    return _channel(request, db, actor, code)


def _channel(request: Request, db: Db, actor: Actor, code: str) -> Response:
    db.flush()
    return saved(db, queries.channel(db.connection(), actor, connections_of(request), code))


@router.post(
    "/municipal/channels/{code}/resend",
    summary="重报一个通道的记录",
    response_model=ResentOut,
    responses=raises(NoChannel, Invalid),
)
def resend_municipal_records(code: ChannelCode, body: ChannelResendIn, db: Db, _actor: Sender) -> Response:
    """Send the rejected records again, or all of them. Those in a package that waits for receipts are left there."""
    return saved(db, ResentOut(records=service.resend_many(db, code, body)))


# -- records -------------------------------------------------------------------------------------------------------


@router.get("/municipal/records", summary="上报记录", response_model=page_of(RecordRow), responses=raises(Invalid))
async def list_municipal_records(read: Reader, q: Annotated[RecordFilter, asked(RecordFilter)]) -> Response:
    """What the city should hold and holds, record by record. Of projects not yours to see only the state is told."""
    return answered(await read.fresh(queries.records, q))


@router.get(
    "/municipal/records/{record_id}",
    summary="一条上报记录",
    response_model=RecordOut,
    responses=raises(NoRecord, Invalid),
)
async def get_municipal_record(read: Reader, record_id: RecordNumber) -> Response:
    """One record with what is wanted and what is held, the fields that differ, and why it was rejected."""
    return answered(await read.fresh(queries.record, record_id))


@router.post(
    "/municipal/records/{record_id}/resend",
    summary="重报一条记录",
    response_model=RecordOut,
    responses=raises(NoRecord, service.InPackage, Invalid),
)
def resend_municipal_record(record_id: RecordNumber, body: ReasonIn, db: Db, actor: Sender) -> Response:
    """Send a record again now: a rejected one as it is (after a correction it goes by itself), a held one anew."""
    service.resend(db, record_id, body.reason)
    return saved(db, queries.record(db, actor, record_id))


@router.get(
    "/projects/{code}/municipal",
    summary="项目在市级的情况",
    response_model=ProjectReported,
    responses=raises(NoProject, Invalid),
)
async def get_project_reported(read: Reader, code: ProjectCode) -> Response:
    """What the city should hold and holds of a project and its funds, with the reasons of rejections."""
    return answered(await read.fresh(queries.of_project, code))


# -- contacts ------------------------------------------------------------------------------------------------------


@router.get(
    "/municipal/contacts", summary="与市级的往来", response_model=page_of(ContactRow), responses=raises(Invalid)
)
async def list_municipal_contacts(read: Reader, q: Annotated[ContactFilter, asked(ContactFilter)]) -> Response:
    """What was said to and by the city, what failed and what was not believed. Kept for a month."""
    return answered(await read.fresh(queries.contacts, q))
