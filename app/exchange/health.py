"""For those who run the house: is it alive, is it ready, what does it count.

For probes and monitoring on the intranet; no session is asked, and no business data is told.
Leans on the kernel and the working-day table.
"""

import math
from datetime import timedelta
from typing import Any, Literal

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from app.identity.auth.access import Public
from app.identity.periods import queries as periods
from app.kernel import calendar, chain, schema
from app.kernel.db import database_of
from app.kernel.replies import encode

router = APIRouter(tags=["health"], dependencies=[Public], generate_unique_id_function=lambda route: route.name)

CALENDAR_NOTICE = timedelta(days=45)
"""How long before the working-day table ends an administrator is told."""


class Check(BaseModel):
    """One thing that must hold."""

    ok: bool = Field(description="是否正常", examples=[True])
    detail: str = Field(description="所见情形", examples=["data version 1234"])


class Readiness(BaseModel):
    """Whether this process can serve, and why not."""

    ready: bool = Field(description="各项均正常", examples=[True])
    checks: dict[str, Check] = Field(description="各项检查：database、migrations、calendar")


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = Field("ok", description="固定为 ok")


@router.get("/healthz", response_model=Alive, summary="进程是否存活")
async def alive() -> Response:
    """The process answers; nothing else is asked."""
    return Response(b'{"status":"ok"}', media_type="application/json")


@router.get(
    "/readyz",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Not ready: `checks` says why"}},
    summary="是否可以服务",
)
async def ready(request: Request) -> Response:
    """Database reachable, schema at the code's migration, working-day calendar known for the days ahead."""
    found = await anyio.to_thread.run_sync(_checks, request)
    good = all(check.ok for check in found.values())
    return Response(encode(Readiness(ready=good, checks=found)), 200 if good else 503, media_type="application/json")


def _checks(request: Request) -> dict[str, Check]:
    try:
        with database_of(request).reading() as connection:
            version, _ = chain.head(connection)
            return {
                "database": Check(ok=True, detail=f"data version {version}"),
                "migrations": _migrations(connection),
                "calendar": _calendar(connection),
            }
    except Exception as error:  # SQLAlchemy's or the driver's own: either way it cannot be reached
        return {"database": Check(ok=False, detail=type(error).__name__)}


def _migrations(connection: Connection) -> Check:
    wanted, present = schema.wanted(), schema.present(connection)
    return Check(ok=wanted == present, detail=f"database {present}, code {wanted}")


def _calendar(connection: Connection) -> Check:
    today = calendar.today()
    until = periods.calendar_known_until(connection, today)
    detail = f"工作日历已知至 {until.isoformat()}"
    if until - today < CALENDAR_NOTICE:
        detail += "，即将用完：请录入下一年度调休安排"
    return Check(ok=until >= today, detail=detail)


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {"description": "Prometheus text format", "content": {"text/plain": {"schema": {"type": "string"}}}}
    },
    summary="Prometheus 指标",
)
async def metrics(request: Request) -> Response:
    """Counters in the Prometheus text format."""
    text = await anyio.to_thread.run_sync(_metrics, request)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def _metrics(request: Request) -> Any:
    gauges = request.app.state.metrics
    try:
        with database_of(request).reading() as connection:
            gauges.version.set(chain.head(connection)[0])
    except Exception:  # what else is counted is wanted most when the database is away
        gauges.version.set(math.nan)
    return gauges.text()
