"""The application with a few more routes, on which the tests of the kernel try what no domain should do."""

import threading
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select, text, update

from app.config import Settings
from app.identity.auth.access import Public, Read, reads, requires
from app.identity.units.models import Unit, UnitKind
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.calendar import Day
from app.kernel.db import Db
from app.kernel.errors import Conflict, Invalid, NotFound, TooMany
from app.kernel.money import Yuan
from app.kernel.preconditions import IfMatch, expect
from app.kernel.replies import Answer, saved
from app.kernel.text import Line, Paragraph
from app.main import create_app

router = APIRouter(prefix="/lab", tags=["lab"])
Editor = Annotated[Actor, requires(Permission.UNIT_EDIT)]
Reader = Annotated[Read, reads(Permission.UNIT_READ)]


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: Line
    note: Paragraph | None = None
    amount: Yuan | None = None
    kind: UnitKind = UnitKind.BUREAU
    day: Day | None = None
    numbers: list[int] = Field(default_factory=list, max_length=3)


class ThingQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Line | None = None
    kind: tuple[UnitKind, ...] = ()
    limit: int = Field(50, ge=1, le=200)
    on: Day | None = None


class Out(BaseModel):
    code: str
    number: int


class Taken(Conflict):
    code = "taken"


def _unit(code: str, kind: UnitKind = UnitKind.BUREAU) -> Unit:
    return Unit(code=code, name=code, pinyin=code, search=code, kind=kind)


@router.post("/things", status_code=201)
def make_thing(body: Thing, db: Db, _actor: Editor) -> Response:
    if db.scalars(select(Unit).where(Unit.code == body.code)).first() is not None:
        raise Taken
    unit = _unit(body.code, body.kind)
    db.add(unit)
    db.flush()
    return saved(db, {"code": unit.code, "id": unit.id}, status=201, location=f"/lab/things/{unit.code}")


@router.post("/counted", status_code=201)
def count_up(db: Db, _actor: Editor) -> Response:
    """Nothing in the data keeps this from being done twice."""
    unit = db.scalars(select(Unit).where(Unit.code == "counted").with_for_update()).one()
    unit.name = str(int(unit.name) + 1)
    return saved(db, {"count": unit.name}, status=201)


@router.patch("/things/{code}")
def change_thing(code: str, body: Thing, if_match: IfMatch, db: Db, _actor: Editor) -> Response:
    unit = db.scalars(select(Unit).where(Unit.code == code).with_for_update()).one_or_none()
    if unit is None:
        raise NotFound
    expect(unit.version, if_match)
    unit.name = body.code
    db.flush()
    return saved(db, {"code": unit.code}, row_version=unit.version)


@router.get("/things")
async def list_things(read: Reader, q: Annotated[ThingQuery, asked(ThingQuery)]) -> Response:
    return await read.answer(lambda *_: q.model_dump(mode="json"))


def _one(connection: Any, actor: Actor, code: str) -> Answer:
    row = connection.execute(select(Unit.code, Unit.name, Unit.version).where(Unit.code == code)).one_or_none()
    if row is None:
        raise NotFound
    return Answer(dict(row._mapping) | {"seen_by": actor.view}, row_version=row.version)


@router.get("/things/{code}")
async def get_thing(code: str, read: Reader) -> Response:
    return await read.answer(_one, code)


@router.post("/unserialisable", response_model=Out)
def unserialisable(db: Db, _actor: Editor) -> Any:
    db.add(_unit("unserialisable"))
    return {"code": "x", "number": "not a number"}


@router.post("/unencodable")
def unencodable(db: Db, _actor: Editor) -> Response:
    db.add(_unit("unencodable"))
    return saved(db, {"what": object()})


@router.post("/deferred")
def deferred(db: Db, _actor: Editor) -> Response:
    """Breaks a constraint that is looked at when the transaction commits."""
    db.add(_unit("deferred"))
    db.execute(text("INSERT INTO lab_child (id, parent_id) VALUES (1, 99)"))
    return saved(db, {"done": True}, status=201)


@router.post("/unchecked", status_code=201)
def unchecked(db: Db, _actor: Editor) -> Response:
    """Looks for nobody who was here before."""
    db.add(_unit("unchecked"))
    return saved(db, {"done": True}, status=201)


_halfway = threading.Barrier(2)


@router.post("/crosses", status_code=201)
def crosses(first: str, then: str, db: Db, _actor: Editor) -> Response:
    """Changes two units, and where two can write at once, only after another has changed one, too."""
    for code in (first, then):
        db.execute(update(Unit).where(Unit.code == code).values(name=first))
        if code == first and db.get_bind().dialect.name != "sqlite":
            _halfway.wait(timeout=20)
    return saved(db, {"done": True}, status=201)


@router.post("/waits")
async def waits(db: Db, _actor: Editor) -> Response:
    """Holds the writer's place until somebody cancels it."""
    await anyio.to_thread.run_sync(lambda: (db.add(_unit("waits")), db.flush()))
    await anyio.sleep_forever()
    raise AssertionError


@router.post("/refuses")
def refuses(what: str, db: Db, _actor: Editor) -> Response:
    db.add(_unit("refused"))
    db.flush()
    match what:
        case "conflict":
            raise Conflict("冲突了", "It clashes.", headers={"X-Why": "clash"})
        case "field":
            raise Invalid.field("day", "order", "早于上一日期")
        case "many":
            raise TooMany(headers={"Retry-After": "60"})
    raise RuntimeError("秘密 secret")


@router.get("/public", dependencies=[Public])
def open_to_all() -> dict[str, bool]:
    return {"open": True}


def make_lab(settings: Settings) -> FastAPI:
    app = create_app(settings)
    app.router.routes.extend(router.routes)
    return app
