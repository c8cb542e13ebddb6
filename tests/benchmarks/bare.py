"""What the machine can do at best: bare ASGI, asyncpg (or raw sqlite3) and msgspec, the same query, no questions asked.

Run by uvicorn like the application: `BARE_DATABASE=… uvicorn tests.benchmarks.bare:app`.
"""

import os
import sqlite3
from typing import Any

import anyio.to_thread
import asyncpg
import msgspec

COLUMNS = """p.code, p.name, p.kind, p.stage, p.status, p.confidentiality, p.sector, p.chain, p.channel,
    p.origin_region, p.park, u.code AS unit, u.name AS unit_name, p.officer, p.leader, p.enterprise_id,
    e.name AS enterprise, e.ownership, p.investment_fen AS investment, p.contract_fen AS contract_amount,
    p.funds_fen AS funds_arrived, p.signed_on, p.started_on, p.changed_at"""
TABLES = "FROM project p LEFT JOIN unit u ON u.id = p.unit_id LEFT JOIN enterprise e ON e.id = p.enterprise_id"
LIST = f"SELECT {COLUMNS} {TABLES} WHERE p.archived_on IS NULL ORDER BY p.code DESC, p.id DESC LIMIT 51"
ONE = f"SELECT {COLUMNS} {TABLES} WHERE p.code = "

URL = os.environ["BARE_DATABASE"]
encoder = msgspec.json.Encoder()
pool: Any = None
local: Any = None


def _read(statement: str, values: tuple[Any, ...]) -> list[dict[str, Any]]:
    cursor = local.execute(statement, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


async def _rows(statement: str, *values: Any) -> list[dict[str, Any]]:
    if pool is None:
        return await anyio.to_thread.run_sync(_read, statement.replace("$1", "?"), values)
    async with pool.acquire() as connection:
        return [dict(row) for row in await connection.fetch(statement, *values)]


async def _send(send: Any, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def app(scope: Any, receive: Any, send: Any) -> None:
    global pool, local
    if scope["type"] == "lifespan":
        await receive()
        if URL.startswith("sqlite"):
            local = sqlite3.connect(URL.removeprefix("sqlite:///"), check_same_thread=False)
        else:
            pool = await asyncpg.create_pool(URL, min_size=8, max_size=8)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["path"] == "/list":
        rows = await _rows(LIST)
        await _send(send, encoder.encode({"items": rows[:50], "next": "x"}))
    elif scope["path"].startswith("/one/"):
        rows = await _rows(ONE + "$1", scope["path"][5:])
        await _send(send, encoder.encode(rows[0]))
    else:
        await _send(send, b"{}")
