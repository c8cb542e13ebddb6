"""What the machine can do at best: bare ASGI, asyncpg (or raw sqlite3) and msgspec, the same query, no questions asked.

Run by uvicorn like the application: `DATABASE_URL=… uvicorn --factory tests.benchmarks.bare:create`.
"""

import os
import sqlite3
from typing import Any

import asyncpg
import msgspec

URL = os.environ["DATABASE_URL"]
SQLITE = URL.startswith("sqlite")

COLUMNS = """p.code, p.name, p.kind, p.stage, p.status, p.confidentiality, p.sector, p.chain, p.channel,
    p.origin_region, p.park, u.code AS unit, u.name AS unit_name, p.officer, p.leader, p.enterprise_id,
    e.name AS enterprise, e.ownership, p.investment_fen AS investment, p.contract_fen AS contract_amount,
    p.funds_fen AS funds_arrived, p.signed_on, p.started_on, p.changed_at"""
TABLES = "FROM project p LEFT JOIN unit u ON u.id = p.unit_id LEFT JOIN enterprise e ON e.id = p.enterprise_id"
SEEN = "p.confidentiality != 'sealed'"
LIST = f"""SELECT {COLUMNS} {TABLES} WHERE {SEEN} AND p.archived_on IS NULL AND p.contract_fen >= $1
    ORDER BY p.code DESC, p.id DESC LIMIT 51"""
RECORD = """p.industry, p.industry_edition, p.sector_reason, p.place, p.longitude, p.latitude, p.land_mu, p.jobs,
    p.output_fen AS output, p.tax_fen AS tax, p.national_code, p.problem, p.note, p.lead_on, p.talk_on,
    p.framework_on, p.registered_on, p.approved_on, p.land_on, p.completed_on, p.production_on, p.full_capacity_on,
    p.first_formal_fen AS first_formal_amount, p.framework_fen AS framework_amount, p.tracked_from, p.archived_on,
    p.ended_on, p.imported, p.version"""


def _nested(columns: str, rows: str) -> str:
    """What hangs on the project, as an array of objects that the database writes."""
    pairs = ", ".join(f"'{column.rsplit('.')[-1]}', {column}" for column in columns.split())
    if SQLITE:
        return f"(SELECT json_group_array(json_object({pairs})) FROM {rows})"
    return f"(SELECT coalesce(json_agg(json_build_object({pairs})), '[]')::text FROM {rows})"


PARTS = {
    "aliases": _nested("a.id a.alias", "project_alias a WHERE a.project_id = p.id"),
    "enterprises": _nested(
        "pe.id pe.enterprise_id e2.name e2.uscc pe.role",
        "project_enterprise pe JOIN enterprise e2 ON e2.id = pe.enterprise_id WHERE pe.project_id = p.id",
    ),
    "units": _nested(
        "u2.code u2.name pu.role pu.valid_from pu.valid_to",
        "project_unit pu JOIN unit u2 ON u2.id = pu.unit_id WHERE pu.project_id = p.id",
    ),
    "plans": _nested("pp.stage pp.planned_on", "project_plan pp WHERE pp.project_id = p.id"),
    "notes": _nested("n.kind n.solved_on n.id n.text n.at n.by_name", "project_note n WHERE n.project_id = p.id"),
    "grants": _nested(
        "us.login us.name g.source",
        'project_grant g LEFT JOIN "user" us ON us.id = g.user_id LEFT JOIN unit u3 ON u3.id = g.unit_id'
        " WHERE g.project_id = p.id",
    ),
}
NESTED = ", ".join(f"{rows} AS {name}" for name, rows in PARTS.items())
ONE = f"SELECT {COLUMNS}, {RECORD}, {NESTED} {TABLES} WHERE {SEEN} AND p.code = $1"
COUNT = "SELECT count(*) AS projects FROM project p"

encoder = msgspec.json.Encoder()
pool: Any = None
local: Any = None


async def _rows(statement: str, *values: Any) -> list[dict[str, Any]]:
    if pool is None:
        # Without a thread: reading fifty rows takes less than a hop there and back.
        cursor = local.execute(statement.replace("$1", "?"), values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
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
        if SQLITE:
            local = sqlite3.connect(URL.removeprefix("sqlite:///"), check_same_thread=False)
            local.execute("PRAGMA mmap_size = 268435456")
            local.execute("PRAGMA cache_size = -65536")
        else:
            pool = await asyncpg.create_pool(URL, min_size=8, max_size=8)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if pool is not None:
            await pool.close()
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["path"] == "/list":
        rows = await _rows(LIST, int(scope["query_string"].removeprefix(b"amount_min=")))
        await _send(send, encoder.encode({"items": rows[:50], "next": rows[49]["code"]}))
    elif scope["path"].startswith("/one/"):
        rows = await _rows(ONE, scope["path"][5:])
        for name in PARTS:
            rows[0][name] = msgspec.Raw(rows[0][name].encode())
        await _send(send, encoder.encode(rows[0]))
    elif scope["path"] == "/count":
        await _send(send, encoder.encode(await _rows(COUNT)))
    else:
        await _send(send, b"{}")


def create() -> Any:
    return app
