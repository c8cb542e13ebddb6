from typing import Annotated

from fastapi import Response

from app.facts.meta import queries
from app.facts.meta.schemas import ChoicesOut
from app.identity.auth.access import Read, reads
from app.kernel.access import Permission
from app.kernel.routing import api

router = api("meta")


@router.get("/meta/choices", summary="各选择项及其中文名称", response_model=ChoicesOut)
async def list_choices(read: Annotated[Read, reads(Permission.META_READ)]) -> Response:
    """Every closed list of the facts with its Chinese labels: enough to draw forms and filters."""
    return await read.answer(queries.choices)
