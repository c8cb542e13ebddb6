"""The application: routers, handlers, middleware. Its schema needs no configuration."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app import domains
from app.config import Settings
from app.identity.auth.access import Memory
from app.kernel import errors, events, idempotency
from app.kernel.db import Database
from app.kernel.replies import Shelf


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application. Without settings they are read from the environment when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        yield
        app.state.database.close()

    app = FastAPI(title="慧招商 Zhaoshang", version="0.1.0", lifespan=lifespan)
    settings = settings or Settings()
    database = Database(settings.database)
    app.state.settings = settings
    app.state.database = database
    app.state.memory = Memory()
    app.state.shelf = Shelf()
    errors.install(app)
    events.install(database, domains.REACTIONS)
    idempotency.install(app, database)
    for router in domains.ROUTERS:
        app.include_router(router, prefix="/api/v1")
    return app
