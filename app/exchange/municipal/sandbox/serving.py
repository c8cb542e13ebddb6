"""The sandbox as an application, and the server that may break its connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio.to_thread
import uvicorn
from fastapi import FastAPI

from app.exchange.municipal.sandbox import contract, control, page
from app.exchange.municipal.sandbox.city import City, Settings
from app.exchange.municipal.sandbox.protocol import OpenProtocol
from app.exchange.municipal.sandbox.store import Store

HEARTBEAT = 0.2
"""How often it looks for receipts that are due, in seconds."""


def create_app(settings: Settings) -> FastAPI:
    """The city's side. Its failures that break a connection need `run`'s server."""
    city = City(settings, Store(settings.folder))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sending = asyncio.create_task(_send_later(city))
        yield
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
        city.store.close()

    app = FastAPI(title="市级招商项目库（沙箱）", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.city = city
    app.include_router(contract.router, prefix=settings.prefix)
    for part in (control, page):
        app.include_router(part.router)
    return app


def run(settings: Settings, host: str, port: int) -> None:
    """Serve until the process is asked to end."""
    uvicorn.run(
        create_app(settings),
        host=host,
        port=port,
        http=OpenProtocol,
        access_log=False,
        log_level="critical",
        timeout_graceful_shutdown=2,
        server_header=False,
    )


async def _send_later(city: City) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT)
        if city.mood.faults.later_seconds is not None:
            await anyio.to_thread.run_sync(lambda: control.send(city, everything=False))
