from typing import Annotated, Any

from fastapi import Request, Response

from app.facts.rewards.register import queries
from app.facts.rewards.register.schemas import PaymentFilter, RegisterRow
from app.identity.auth.access import Read, reads
from app.kernel import calendar
from app.kernel.access import Permission
from app.kernel.asking import asked
from app.kernel.errors import Invalid, raises
from app.kernel.paging import page_of
from app.kernel.routing import api

router = api("rewards")

Reader = Annotated[Read, reads(Permission.REWARD_READ)]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORKBOOK: dict[int | str, dict[str, Any]] = {
    200: {"description": "工作簿（.xlsx）", "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/rewards/payments", summary="奖励支付列表", response_model=page_of(RegisterRow), responses=raises(Invalid))
async def list_reward_payments(read: Reader, q: Annotated[PaymentFilter, asked(PaymentFilter)]) -> Response:
    """What was paid to whom, the newest first; what was taken back are entries below zero."""
    return await read.answer(queries.page, q)


@router.get(
    "/rewards/payments/register",
    summary="奖励支付台账",
    response_class=Response,
    responses=WORKBOOK | raises(Invalid),
)
async def export_reward_register(
    request: Request, read: Reader, q: Annotated[PaymentFilter, asked(PaymentFilter)]
) -> Response:  # fmt: skip
    """The register of payments as a spreadsheet, by day, filtered and sorted like the list (pages aside).

    Names are its only personal data: neither identity numbers nor accounts.
    """
    book = await read.fresh(queries.book, q, request.app.state.settings.district_name)
    name = f"reward-payments-{calendar.today():%Y%m%d}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(book.getvalue(), media_type=XLSX, headers=headers)
