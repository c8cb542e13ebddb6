"""How processes on one PostgreSQL tell each other that the log has grown: NOTIFY carries the number, the table decides.

A NOTIFY in every transaction would make committers queue for one lock. So none is sent there: whoever has
committed rings, and what has been rung in the meantime goes out as one.
"""

import asyncio
from collections.abc import Callable

import anyio.to_thread
import psycopg
import structlog

from app.kernel.db import Database

log = structlog.get_logger()

CHANNEL = "zhaoshang_log"
PAUSE = 0.02
"""Seconds between two NOTIFY of one process."""
LONGEST_WAIT = 30.0


class Bell:
    """One process's end of the channel. `heard` is called in the loop when anybody has rung."""

    def __init__(self, database: Database, heard: Callable[[], None]) -> None:
        self.database = database
        self.heard = heard
        self.rung = asyncio.Event()
        self.number = 0

    def ring(self, number: int) -> None:
        """The log has grown to `number` (called in the loop)."""
        self.number = max(self.number, number)
        self.rung.set()

    async def tell(self) -> None:
        """Pass on what is rung. A NOTIFY that fails is lost: the others look for themselves soon enough."""
        while True:
            await self.rung.wait()
            self.rung.clear()
            try:
                await anyio.to_thread.run_sync(self._notify, self.number)
            except Exception as error:
                log.warning("notify_failed", error=type(error).__name__)
            await asyncio.sleep(PAUSE)

    def _notify(self, number: int) -> None:
        with self.database.reading() as connection:
            connection.exec_driver_sql("SELECT pg_notify(%s, %s)", (CHANNEL, str(number)))

    async def listen(self) -> None:
        """Hear the others, and come back after every failure."""
        address = self.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        wait = 0.5
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    wait = 0.5
                    async for _ in connection.notifies():
                        self.heard()
            except (psycopg.Error, OSError) as error:
                log.warning("listen_failed", error=type(error).__name__)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
