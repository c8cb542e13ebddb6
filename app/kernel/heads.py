"""The head of the log, read once for all who want it at the same moment.

Every answer begins with a look at the head. Under load dozens of requests want it at once: whoever comes before a
look begins is served by it.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from app.kernel import chain
from app.kernel.db import Database

Head = tuple[int, int]
"""(data version, newest event about identity)."""


class Heads:
    """The looks of one process. Everything but the looking itself happens on the event loop."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.thread = ThreadPoolExecutor(1, "heads")
        self.waiting: list[asyncio.Future[Head]] = []
        self.looking: asyncio.AbstractEventLoop | None = None

    async def now(self) -> Head:
        """The head as it stood at some moment after this was asked."""
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[Head] = loop.create_future()
        self.waiting.append(asked)
        if self.looking is not loop:
            self._look(loop)
        return await asked

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        asked, self.waiting, self.looking = self.waiting, [], loop
        loop.run_in_executor(self.thread, self._read).add_done_callback(partial(self._tell, loop, asked))

    def _read(self) -> Head:
        with self.database.reading() as connection:
            return chain.head(connection)

    def _tell(
        self, loop: asyncio.AbstractEventLoop, asked: list[asyncio.Future[Head]], look: asyncio.Future[Head]
    ) -> None:
        self.looking = None
        error = look.exception()
        for one in asked:
            if one.done():  # its client has left
                continue
            if error is None:
                one.set_result(look.result())
            else:
                one.set_exception(error)
        if self.waiting:
            self._look(loop)
