from typing import Annotated

from fastapi import Path, Response

from app.facts.rewards.budgets import queries, service
from app.facts.rewards.budgets.queries import NoBudget
from app.facts.rewards.budgets.schemas import BudgetFilter, BudgetIn, BudgetList, BudgetOut
from app.facts.rewards.budgets.service import BelowSpent
from app.identity.auth.access import Read, reads, requires
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.errors import IfMatchMissing, Invalid, Stale, raises
from app.kernel.preconditions import IfMatchGiven
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("rewards")

Reader = Annotated[Read, reads(Permission.REWARD_READ)]
Approver = Annotated[Actor, requires(Permission.REWARD_APPROVE)]
Fund = Annotated[
    str, Path(description="资金编码", pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["district_reward"])
]  # fmt: skip
Year = Annotated[int, Path(description="年度", ge=2000, le=2199, examples=[2026])]


@router.get("/rewards/budgets", summary="奖励预算列表", response_model=BudgetList, responses=raises(Invalid))
async def list_reward_budgets(read: Reader, q: Annotated[BudgetFilter, asked(BudgetFilter)]) -> Response:
    """Every budget by fund and year: what was granted and is not yet paid, what was paid, what is left."""
    return await read.answer(queries.every, q)


@router.get("/rewards/budgets/{fund}/{year}", summary="奖励预算", response_model=BudgetOut, responses=raises(NoBudget))
async def get_reward_budget(read: Reader, fund: Fund, year: Year) -> Response:
    """One budget as it stands."""
    return await read.answer(queries.one, fund, year)


@router.put(
    "/rewards/budgets/{fund}/{year}",
    summary="设定奖励预算",
    response_model=BudgetOut,
    responses=raises(BelowSpent, Invalid, Stale, IfMatchMissing),
)
def set_reward_budget(
    fund: Fund, year: Year, body: BudgetIn, version: IfMatchGiven, db: Db, actor: Approver
) -> Response:  # fmt: skip
    """Set what a fund may spend on rewards in a year. Changing one that is there needs `If-Match`.

    Never below what was granted and paid already.
    """
    budget = service.put(db, actor, fund, year, body, version)
    return saved(db, queries.out(db, fund, year), row_version=budget.version)
