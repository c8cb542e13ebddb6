"""Reward policies over HTTP: those in force, samples, and trials. They are drafted and activated as any rule is."""

from typing import Annotated

from fastapi import Response

from app.facts.rewards.policies import queries
from app.facts.rewards.policies.schemas import PoliciesAsked, PoliciesOut, PolicyTrialIn, PolicyTrialOut
from app.identity.auth.access import Read, reads
from app.kernel.access import Permission
from app.kernel.asking import asked
from app.kernel.errors import Forbidden, Invalid, Unauthenticated, raises
from app.kernel.routing import api

router = api("rewards", responses=raises(Unauthenticated, Forbidden, Invalid))

Reader = Annotated[Read, reads(Permission.RULE_READ)]
Drafter = Annotated[Read, reads(Permission.RULE_SAVE)]


@router.get("/reward-policies", response_model=PoliciesOut, summary="有效的奖励政策")
async def list_reward_policies(read: Reader, q: Annotated[PoliciesAsked, asked(PoliciesAsked)]) -> Response:
    """The policies in force on a day. None is until a district has drafted and activated its own: a new version is
    saved by `POST /rules/reward_policies/versions`, and activated by another person."""
    return await read.answer(queries.in_force, q)


@router.get("/reward-policies/samples", response_model=PoliciesOut, summary="奖励政策示例")
async def list_sample_reward_policies(read: Reader) -> Response:
    """Four policies that places in China have published, as data. None of them is in force: they are for copying."""
    return await read.answer(queries.samples)


@router.post("/reward-policies/trials", response_model=PolicyTrialOut, summary="试算奖励政策")
async def try_reward_policies(read: Drafter, body: PolicyTrialIn) -> object:
    """What a draft would give for past projects, policy by policy, beside the version in force. Changes nothing.

    The projects signed in a period, or named ones. Those that one may not see are counted in `withheld`, and are in no
    sum. With `explain` every amount comes with its calculation.
    """
    return await read.fresh(queries.trial, body)
