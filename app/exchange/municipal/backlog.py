"""What waits to be sent on each channel, and since when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from app.exchange.municipal.models import Channel, Record, RecordState


@dataclass(frozen=True, slots=True)
class Backlog:
    """Of one channel: how many records wait, since when the city should hold the oldest, how many it has rejected."""

    channel_id: int
    code: str
    waiting: int
    oldest: datetime | None
    rejected: int


def backlogs(db: Connection | Session) -> list[Backlog]:
    """All channels', by their codes. What awaits a receipt that comes later does not wait to be sent."""
    waits, rejected = Record.state == RecordState.PENDING, Record.state == RecordState.REJECTED
    of_channel = Record.channel_id == Channel.id
    rows = db.execute(
        select(
            Channel.id, Channel.code,
            select(func.count()).where(of_channel, waits).scalar_subquery(),
            select(func.min(Record.wanted_at)).where(of_channel, waits).scalar_subquery(),
            select(func.count()).where(of_channel, rejected).scalar_subquery(),
        ).order_by(Channel.code)
    )  # fmt: skip
    return [Backlog(*row) for row in rows]
