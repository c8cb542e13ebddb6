"""Read marks. They stand outside the log: that somebody has read something changes nothing for anybody else."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.identity.notices.schemas import ReadIn
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.notices import UNREAD, Notice


def read(db: Session, actor: Actor, body: ReadIn) -> None:
    """Mark the actor's own notices as read; numbers of others' notices mean nothing here."""
    which = Notice.told_at <= body.up_to if body.ids is None else Notice.id.in_(body.ids)
    db.execute(
        update(Notice)
        .where(Notice.user_id == actor.id, UNREAD, which)
        .values(read_at=calendar.now())
        .execution_options(synchronize_session=False)
    )
