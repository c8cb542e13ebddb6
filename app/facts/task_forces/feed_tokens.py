"""Tokens for calendar programs, which can send no header: each opens one person's dates for reading, nothing else.

Of a token only its hash is kept. It ends when it is revoked, after a year, or with the account.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from app.facts.task_forces.models import CalendarToken
from app.identity.notices import recipients
from app.kernel import calendar
from app.kernel.access import Actor, Permission
from app.kernel.errors import Conflict, NotFound
from app.kernel.events import record
from app.kernel.secrets import new_token, token_hash

PREFIX = "zc"
LIFE = timedelta(days=366)
MOST = 10


class NoCalendarToken(NotFound):
    code = "no_calendar_token"
    message, english = "没有这个日历令牌", "There is no such calendar token."


class TooManyTokens(Conflict):
    code = "too_many_tokens"
    message = f"每人至多 {MOST} 个有效的日历令牌，请先吊销不用的"
    english = "You have too many calendar tokens. Revoke some first."


def create(db: Session, actor: Actor, name: str) -> tuple[CalendarToken, str]:
    """A token of the actor's own, and the secret that is told only now."""
    now = calendar.now()
    good = (CalendarToken.user_id == actor.id, CalendarToken.revoked_at.is_(None), CalendarToken.expires_at > now)
    if db.execute(select(func.count()).select_from(CalendarToken).where(*good)).scalar_one() >= MOST:
        raise TooManyTokens
    secret = new_token(PREFIX)
    token = CalendarToken(
        user_id=actor.id, name=name, token_hash=token_hash(secret), created_at=now, expires_at=now + LIFE
    )
    db.add(token)
    record(db, "calendar_token.created", token)
    return token, secret


def revoke(db: Session, actor: Actor, number: int) -> CalendarToken:
    """End one of the actor's own at once; doing it again changes nothing."""
    token = db.scalars(
        select(CalendarToken).where(CalendarToken.id == number, CalendarToken.user_id == actor.id).with_for_update()
    ).one_or_none()
    if token is None:
        raise NoCalendarToken
    if token.revoked_at is None:
        token.revoked_at = calendar.now()
        record(db, "calendar_token.revoked", token)
    return token


def own(connection: Connection, actor: Actor) -> dict[str, Any]:
    """The actor's own, the newest first."""
    rows = connection.execute(
        select(
            CalendarToken.id, CalendarToken.name, CalendarToken.created_at, CalendarToken.expires_at,
            CalendarToken.revoked_at,
        )
        .where(CalendarToken.user_id == actor.id)
        .order_by(CalendarToken.id.desc())
    )  # fmt: skip
    return {"items": [dict(row._mapping) for row in rows]}


def out(token: CalendarToken) -> dict[str, Any]:
    """One that was just made or revoked."""
    return {name: getattr(token, name) for name in ("id", "name", "created_at", "expires_at", "revoked_at")}


def bearer(connection: Connection, secret: str) -> Actor:
    """Whose token it is, with that person's rights of today; 404 for one that opens nothing."""
    user_id = connection.execute(
        select(CalendarToken.user_id).where(
            CalendarToken.token_hash == token_hash(secret),
            CalendarToken.revoked_at.is_(None),
            CalendarToken.expires_at > calendar.now(),
        )
    ).scalar_one_or_none()
    people = [] if user_id is None else recipients.person(connection, user_id)
    if not people or not people[0].may(Permission.TASK_FORCE_READ):
        raise NoCalendarToken
    return people[0]
