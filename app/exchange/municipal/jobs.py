"""What the worker does for municipal reporting now and then: tell of a backlog that does not shrink, and forget."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.exchange.municipal import contacts
from app.exchange.municipal.backlog import Backlog, backlogs
from app.exchange.municipal.channels import Connection, Connections
from app.exchange.municipal.models import Channel
from app.identity.notices import recipients
from app.kernel import calendar, notices
from app.kernel.access import Permission
from app.kernel.db import Database
from app.kernel.notices import declare

BACKLOG = declare(
    "municipal.backlog",
    "上报积压",
    "上报{channel}有 {count} 条积压，最早的已等待 {minutes} 分钟{failure}",
    waits=True,
)
AGAIN_AFTER = timedelta(days=1)


def watch(connections: Connections, database: Database) -> None:
    """Tell who may send of backlogs that are older than the channel bears: once a day, until they are gone.

    What awaits the receipts of a package is no backlog, and what a city fetches waits for the city.
    """
    with database.reading() as connection:
        found = [one for one in backlogs(connection) if one.code in connections]
    for one in found:
        settings = connections[one.code]
        if settings.mode == "push":
            with database.unit_of_work() as db:
                _watch(db, one, settings, calendar.now())


def _watch(db: Session, one: Backlog, settings: Connection, now: datetime) -> None:
    channel = db.get_one(Channel, one.channel_id)
    late = one.oldest is not None and now - one.oldest > timedelta(minutes=settings.alarm_minutes)
    if not late:
        if channel.alarmed_at is not None:
            notices.settle(db, _key(channel))
            _alarmed(db, channel, None)
        return
    if channel.alarmed_at is not None and now - channel.alarmed_at < AGAIN_AFTER:
        return
    assert one.oldest is not None
    notices.tell(
        db, recipients.who_may(db, Permission.MUNICIPAL_SEND), BACKLOG, channel, key=_key(channel),
        channel=settings.name, count=one.waiting, minutes=int((now - one.oldest).total_seconds()) // 60,
        failure=f"：{channel.failure}" if channel.failure else "",
    )  # fmt: skip
    _alarmed(db, channel, now)


def _alarmed(db: Session, channel: Channel, at: datetime | None) -> None:
    table_row = update(Channel).where(Channel.id == channel.id)
    db.execute(table_row.values(alarmed_at=at).execution_options(synchronize_session=False))


def _key(channel: Channel) -> str:
    return f"{BACKLOG.code}:{channel.id}"


def forget(connections: Connections, database: Database) -> None:
    """Drop what is kept of exchanges that are long over."""
    clock = max((settings.clock_seconds for settings in connections.values()), default=0)
    with database.unit_of_work() as db:
        contacts.forget(db, calendar.now(), clock)
