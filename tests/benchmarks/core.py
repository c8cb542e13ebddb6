"""The same update written by hand: FastAPI and SQLAlchemy Core, statement by statement, nothing general about it.

It does to the rows what `PATCH /projects/{code}` does: the session is looked up, the project locked, compared and
updated, the event chained and inserted, the head of the log moved, the record read back and answered.
"""

import hashlib
import json
import os
from typing import Annotated, Any

from fastapi import FastAPI, Header, HTTPException, Response
from pydantic import BaseModel
from sqlalchemy import Connection, Select, create_engine, event, insert, make_url, select, update

from app.facts.enterprises.models import Enterprise
from app.facts.projects.models import (
    Project,
    ProjectAlias,
    ProjectEnterprise,
    ProjectGrant,
    ProjectNote,
    ProjectPlan,
    ProjectUnit,
)
from app.identity.auth.models import User, UserSession
from app.identity.units.models import Unit
from app.kernel import calendar
from app.kernel.chain import Event, LogHead

url = make_url(os.environ["DATABASE_URL"])
SQLITE = url.get_backend_name() == "sqlite"
engine = create_engine(url if SQLITE else url.set(drivername="postgresql+psycopg"), pool_size=8, max_overflow=8)
app = FastAPI()

if SQLITE:

    @event.listens_for(engine, "connect")
    def settings(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("busy_timeout = 30000", "journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


class Patch(BaseModel):
    note: str


def _children(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.execute(query)]


@app.patch("/projects/{code}")
def patch(
    code: str, body: Patch, authorization: Annotated[str, Header()], if_match: Annotated[str, Header()]
) -> Response:
    mark = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).hexdigest()
    now = calendar.now()
    with engine.begin() as connection:
        who = connection.execute(
            select(UserSession.expires_at, User.id, User.login, User.roles)
            .join(User, User.id == UserSession.user_id)
            .where(UserSession.token_hash == mark, UserSession.ended_at.is_(None), User.active.is_(True))
        ).one()
        if who.expires_at <= now or "officer" not in who.roles:
            raise HTTPException(401)
        row = connection.execute(select(Project.__table__).where(Project.code == code).with_for_update()).one()
        if if_match != f'"{row.version}-0"':
            raise HTTPException(412)
        connection.execute(
            update(Project).where(Project.id == row.id).values(note=body.note, changed_at=now, version=row.version + 1)
        )
        head = connection.execute(select(LogHead.seq, LogHead.hash).where(LogHead.id == 1).with_for_update()).one()
        fields = {"note": [row.note, body.note], "version": [row.version, row.version + 1]}
        values = {
            "seq": head.seq + 1, "at": now, "kind": "project.changed", "subject": "project", "subject_id": row.id,
            "subject_key": code, "actor_id": who.id, "actor": who.login, "request_id": "0" * 16,
            "body": json.dumps({"sight": row.sight, "rows": [["project", row.id, "update", fields]]}),
        }  # fmt: skip
        values["hash"] = hashlib.sha256(
            (head.hash + json.dumps([str(v) for v in values.values()])).encode()
        ).hexdigest()
        connection.execute(insert(Event).values(values))
        connection.execute(update(LogHead).where(LogHead.id == 1).values(seq=head.seq + 1, hash=values["hash"]))
        found = connection.execute(
            select(Project.__table__, Unit.code.label("unit"), Unit.name.label("unit_name"), Enterprise.ownership)
            .outerjoin(Unit, Unit.id == Project.unit_id)
            .outerjoin(Enterprise, Enterprise.id == Project.enterprise_id)
            .where(Project.id == row.id)
        ).one()
        out = dict(found._mapping)
        for name, child in (
            ("aliases", ProjectAlias), ("enterprises", ProjectEnterprise), ("units", ProjectUnit),
            ("plans", ProjectPlan), ("notes", ProjectNote), ("grants", ProjectGrant),
        ):  # fmt: skip
            out[name] = _children(connection, select(child.__table__).where(child.project_id == row.id))
    answer = json.dumps(out, default=str, ensure_ascii=False)
    return Response(answer, media_type="application/json", headers={"ETag": f'"{row.version + 1}-0"'})


def create() -> FastAPI:
    return app
