from typing import Annotated

from fastapi import Response

from app.facts.attention import queries
from app.facts.attention.schemas import AttentionCounts, AttentionCountsQuery, AttentionFilter, AttentionPage
from app.identity.auth.access import Read, reads
from app.kernel.access import Permission
from app.kernel.asking import asked
from app.kernel.errors import Invalid, raises
from app.kernel.routing import api

router = api("attention")

Reader = Annotated[Read, reads(Permission.PROJECT_READ)]


@router.get("/attention", summary="关注事项", response_model=AttentionPage, responses=raises(Invalid))
async def list_attention(read: Reader, q: Annotated[AttentionFilter, asked(AttentionFilter)]) -> Response:
    """What needs attention today, of projects among those the caller may see: which, why, since when, whose.

    Planned dates that have passed, projects without change or note for too long, pauses without an end, overdue
    follow-ups of engagements. The limits are those of the rule `attention`. Kind by kind, the longest-standing first
    (`sort=-since`: the newest).
    """
    return await read.answer(queries.page, q)


@router.get("/attention/counts", summary="关注事项数", response_model=AttentionCounts, responses=raises(Invalid))
async def count_attention(read: Reader, q: Annotated[AttentionCountsQuery, asked(AttentionCountsQuery)]) -> Response:
    """How many matters need attention: by kind, by unit, by officer."""
    return await read.answer(queries.counts, q)
