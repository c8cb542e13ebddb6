"""Processes on one PostgreSQL wake each other, also after their connection was cut."""

import asyncio

import psycopg
import pytest

from app.exchange.feed.bell import Bell
from app.kernel.db import Database


@pytest.fixture
def postgres_url(database_url: str, backend: str) -> str:
    if backend == "sqlite":
        pytest.skip("PostgreSQL only")
    return database_url


def test_one_rings_and_the_other_hears_again_and_again(postgres_url: str) -> None:
    async def run() -> None:
        here, there = Database(postgres_url), Database(postgres_url)
        heard = asyncio.Event()
        ringing, listening = Bell(here, lambda: None), Bell(there, heard.set)
        tasks = [asyncio.create_task(ringing.tell()), asyncio.create_task(listening.listen())]
        try:
            for number in range(1, 4):
                heard.clear()
                async with asyncio.timeout(15):
                    while not heard.is_set():  # what is rung before somebody listens is lost
                        ringing.ring(number)
                        try:
                            await asyncio.wait_for(heard.wait(), 0.1)
                        except TimeoutError:
                            continue
                with psycopg.connect(postgres_url, autocommit=True) as admin:
                    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"
                    assert admin.execute(cut).fetchall()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            here.close()
            there.close()

    asyncio.run(run())
