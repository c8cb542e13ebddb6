from datetime import timedelta

from sqlalchemy import select

from app.config import Settings
from app.identity.auth.models import User
from app.identity.auth.passwords import PROFILES
from app.identity.notices import recipients, texts
from app.kernel import calendar, notices
from app.kernel.db import Database

NEAR = timedelta(days=10)


def remind_of_passwords(database: Database) -> None:
    """Daily: tell everybody whose password must be changed within ten days, once, until it is."""
    oldest = PROFILES[Settings().password_profile].max_age
    if oldest is None:
        return
    with database.unit_of_work() as db:
        ageing = db.execute(
            select(User.id, User.password_changed_at).where(
                User.active.is_(True),
                User.must_change_password.is_(False),
                User.password_changed_at <= calendar.now() - oldest + NEAR,
            )
        ).all()
        for row in ageing:
            last = calendar.day_of(row.password_changed_at + oldest)
            notices.tell(
                db, recipients.person(db, row.id), texts.PASSWORD_EXPIRES, None, key=texts.PASSWORD_EXPIRES.code,
                due=last, once=True, on=last.isoformat(),
            )  # fmt: skip
