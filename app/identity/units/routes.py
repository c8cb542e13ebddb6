from typing import Annotated

from fastapi import Path, Response

from app.identity.auth.access import Read, reads, requires
from app.identity.units import queries, service
from app.identity.units.queries import NoUnit
from app.identity.units.schemas import CODE_PATTERN, UnitFilter, UnitIn, UnitOut, UnitPage, UnitPatch
from app.identity.units.service import NameTaken, UnitExists
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.errors import Forbidden, IfMatchMissing, Invalid, Stale, Unauthenticated, raises
from app.kernel.preconditions import IfMatch, expect
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("units")

Code = Annotated[str, Path(description="单位编码", pattern=CODE_PATTERN, examples=["qjxw"])]


@router.get(
    "/units", response_model=UnitPage, responses=raises(Unauthenticated, Forbidden, Invalid), summary="责任单位列表"
)
async def list_units(
    read: Annotated[Read, reads(Permission.UNIT_READ)], q: Annotated[UnitFilter, asked(UnitFilter)]
) -> Response:
    """The units that exist on a day, with the names and tiers they have on it."""
    return await read.answer(queries.page, q)


@router.get(
    "/units/{code}",
    response_model=UnitOut,
    responses=raises(Unauthenticated, Forbidden, NoUnit),
    summary="一个责任单位",
)
async def get_unit(read: Annotated[Read, reads(Permission.UNIT_READ)], code: Code) -> Response:
    """One unit with the history of its names and tiers."""
    return await read.answer(queries.one, code)


@router.post(
    "/units",
    response_model=UnitOut,
    status_code=201,
    responses=raises(Unauthenticated, Forbidden, UnitExists, NameTaken, Invalid),
    summary="新增责任单位",
)
def create_unit(body: UnitIn, db: Db, _actor: Annotated[Actor, requires(Permission.UNIT_EDIT)]) -> Response:
    """Create a unit with its first name and tier."""
    unit = service.create_unit(db, body.code, body.name, body.tier, body.kind, body.valid_from, body.aliases)
    return saved(
        db, queries.out(db, unit), status=201, location=f"/api/v1/units/{unit.code}", row_version=unit.version
    )  # fmt: skip


@router.patch(
    "/units/{code}",
    response_model=UnitOut,
    responses=raises(Unauthenticated, Forbidden, NoUnit, NameTaken, Invalid, IfMatchMissing, Stale),
    summary="变更责任单位",
)
def change_unit(
    code: Code, body: UnitPatch, if_match: IfMatch, db: Db, _actor: Annotated[Actor, requires(Permission.UNIT_EDIT)]
) -> Response:
    """Rename a unit or rank it anew from a day on, change its kind or its short names."""
    unit = queries.get(db, code, lock=True)
    expect(unit.version, if_match)
    service.change_unit(db, unit, body)
    return saved(db, queries.out(db, unit), row_version=unit.version)
