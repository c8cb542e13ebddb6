from typing import Annotated

from fastapi import Path, Response

from app.facts.projects.queries import NoProject
from app.facts.projects.service import NotYours
from app.facts.rewards.bonuses import queries, service
from app.facts.rewards.bonuses.queries import NoBonus
from app.facts.rewards.bonuses.schemas import BonusFilter, BonusIn, BonusJudgeIn, BonusOut, BonusRevokeIn
from app.identity.auth.access import Read, reads, requires
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.errors import Invalid, raises
from app.kernel.paging import page_of
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("rewards")

Reader = Annotated[Read, reads(Permission.REWARD_READ)]
Declarer = Annotated[Actor, requires(Permission.REWARD_FILE)]
Judge = Annotated[Actor, requires(Permission.REWARD_APPROVE)]
Code = Annotated[str, Path(description="项目编号", examples=["500114-2020-0046"], pattern="^[0-9A-Za-z-]{1,20}$")]
BonusId = Annotated[int, Path(description="加分记录号", ge=1, le=2**63 - 1, examples=[4])]


@router.get(
    "/rewards/bonuses", summary="单位加分列表", response_model=page_of(BonusOut), responses=raises(Invalid)
)  # fmt: skip
async def list_unit_bonuses(read: Reader, q: Annotated[BonusFilter, asked(BonusFilter)]) -> Response:
    """Bonus points (招商奖励加分) of units, for projects that one may see: by unit, year, state and project."""
    return await read.answer(queries.page, q)


@router.post(
    "/projects/{code}/bonuses",
    summary="申报单位加分",
    status_code=201,
    response_model=BonusOut,
    responses=raises(NoProject, NotYours, Invalid),
)
def declare_unit_bonus(code: Code, body: BonusIn, db: Db, actor: Declarer) -> Response:
    """Say that a unit should be given bonus points for a project, on evidence. Another person must agree."""
    project, bonus = service.declare(db, actor, code, body)
    return saved(db, queries.out(db, bonus), status=201, row_version=project.version)


@router.post(
    "/projects/{code}/bonuses/{bonus_id}/judge",
    summary="审定单位加分",
    response_model=BonusOut,
    responses=raises(NoProject, NotYours, NoBonus, service.SamePerson, service.BonusJudged, Invalid),
)
def judge_unit_bonus(code: Code, bonus_id: BonusId, body: BonusJudgeIn, db: Db, actor: Judge) -> Response:
    """Approve or refuse bonus points. Never by who declared them."""
    project, bonus = service.judge(db, actor, code, bonus_id, body)
    return saved(db, queries.out(db, bonus), row_version=project.version)


@router.post(
    "/projects/{code}/bonuses/{bonus_id}/revoke",
    summary="取消单位加分",
    response_model=BonusOut,
    responses=raises(NoProject, NotYours, NoBonus, service.SamePerson, service.NotApproved, Invalid),
)
def revoke_unit_bonus(code: Code, bonus_id: BonusId, body: BonusRevokeIn, db: Db, actor: Judge) -> Response:
    """Let points that were approved count no more, with a reason. They stay to be seen."""
    project, bonus = service.revoke(db, actor, code, bonus_id, body.reason)
    return saved(db, queries.out(db, bonus), row_version=project.version)
