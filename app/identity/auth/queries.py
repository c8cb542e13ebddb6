"""Accounts, sessions and keys as their administrators, and as their owners, see them."""

from datetime import timedelta

from sqlalchemy import Connection, Text, cast, or_, select
from sqlalchemy.orm import Session

from app.identity.auth.models import ApiKey, LoginGuard, User, UserSession
from app.identity.auth.schemas import (
    KeyFilter,
    KeyRow,
    Me,
    SessionPage,
    SessionRow,
    UnitBrief,
    UserFilter,
    UserRow,
)
from app.identity.units.models import Unit
from app.kernel import calendar
from app.kernel.access import ROLE_LABELS, Actor
from app.kernel.errors import NotFound
from app.kernel.names import LIKE_ESCAPE, like
from app.kernel.paging import Listing, Where
from app.kernel.replies import Answer


class NoUser(NotFound):
    message = "没有这个用户"
    english = "There is no such user."


class NoSession(NotFound):
    message = "没有这个会话"
    english = "There is no such session."


class NoKey(NotFound):
    message = "没有这个密钥"
    english = "There is no such key."


def name_of(db: Session, actor: Actor) -> str:
    """What an actor is called: a person's name, or that of a machine or of the house."""
    user = db.get(User, actor.id) if actor.kind == "user" else None
    return user.name if user is not None else actor.name


# What is not in the log (last use, locks) may be this much older in a kept answer.
_AGE = timedelta(minutes=1)

_user = (
    select(
        User.login, User.name, User.phone, Unit.code.label("unit"), Unit.name.label("unit_name"), User.roles,
        User.active, User.must_change_password, User.last_login_at, LoginGuard.locked_until,
    )
    .select_from(User)
    .outerjoin(Unit, Unit.id == User.unit_id)
    .outerjoin(LoginGuard, LoginGuard.name == User.login)
)  # fmt: skip

users = Listing(
    name="users",
    asked=UserFilter,
    source=_user,
    key=User.__table__.c.id,
    sorts={"login": User.__table__.c.login, "name": User.__table__.c.pinyin},
    filters={
        "q": Where(
            lambda text: or_(*(c.like(text, escape=LIKE_ESCAPE) for c in (User.login, User.name, User.pinyin))), like
        ),
        "role": Where(cast(User.roles, Text).like, lambda role: f'%"{role}"%'),
        "unit": Where(lambda code: Unit.code == code),
        "active": Where(lambda active: User.active == active),
    },
    default_sort="login",
)  # fmt: skip

_key = select(
    ApiKey.id, ApiKey.name, ApiKey.prefix, ApiKey.scopes, Unit.code.label("unit"), ApiKey.addresses,
    ApiKey.created_at, ApiKey.expires_at, ApiKey.revoked_at, ApiKey.last_used_at,
).select_from(ApiKey).outerjoin(Unit, Unit.id == ApiKey.unit_id)  # fmt: skip

keys = Listing(
    name="keys",
    asked=KeyFilter,
    source=_key,
    key=ApiKey.__table__.c.id,
    sorts={"id": ApiKey.__table__.c.id},
    filters={"revoked": Where(lambda revoked: ApiKey.revoked_at.is_not(None) == revoked)},
    default_sort="-id",
)


def user_page(connection: Connection, _actor: Actor, q: UserFilter) -> Answer:
    """A page of the accounts."""
    return Answer(users.page(connection, q), valid_until=calendar.now() + _AGE)


def user_one(connection: Connection, _actor: Actor, login: str) -> Answer:
    """One account."""
    row = connection.execute(_user.add_columns(User.version).where(User.login == login)).one_or_none()
    if row is None:
        raise NoUser
    out = UserRow.model_validate(row._mapping)
    return Answer(out, row_version=row.version, valid_until=calendar.now() + _AGE)


def every_user(connection: Connection) -> list[UserRow]:
    """All accounts, for the administrator at the machine."""
    return [UserRow.model_validate(row._mapping) for row in connection.execute(_user.order_by(User.login))]


def user_out(db: Session, user: User) -> UserRow:
    """The same of an account that is being changed."""
    db.flush()
    return UserRow.model_validate(db.execute(_user.where(User.id == user.id)).one()._mapping)


def user_get(db: Session, login: str) -> User:
    """The account, read for a change."""
    user = db.scalars(select(User).where(User.login == login).with_for_update()).one_or_none()
    if user is None:
        raise NoUser
    return user


def key_page(connection: Connection, _actor: Actor, q: KeyFilter) -> Answer:
    """A page of the keys."""
    return Answer(keys.page(connection, q), valid_until=calendar.now() + _AGE)


def key_out(db: Session, key: ApiKey) -> KeyRow:
    """A key that has just been made or revoked."""
    db.flush()
    return KeyRow.model_validate(db.execute(_key.where(ApiKey.id == key.id)).one()._mapping)


def me(connection: Connection | Session, actor: Actor) -> Me:
    """The account that asks."""
    row = connection.execute(
        select(User.name, User.must_change_password, Unit.code, Unit.name.label("unit_name"))
        .select_from(User)
        .outerjoin(Unit, Unit.id == User.unit_id)
        .where(User.id == actor.id)
    ).one()
    held = sorted(actor.roles)
    return Me(
        login=actor.name, name=row.name, roles=held, role_labels=[ROLE_LABELS[role] for role in held],
        unit=UnitBrief(code=row.code, name=row.unit_name) if row.code else None,
        permissions=sorted(actor.permissions), must_change_password=row.must_change_password,
    )  # fmt: skip


def my_sessions(connection: Connection, actor: Actor) -> SessionPage:
    """The actor's own open sessions, newest first."""
    rows = connection.execute(
        select(
            UserSession.id, UserSession.created_at, UserSession.last_seen_at, UserSession.expires_at,
            UserSession.address, UserSession.agent,
        )
        .where(
            UserSession.user_id == actor.id, UserSession.ended_at.is_(None), UserSession.expires_at > calendar.now()
        )
        .order_by(UserSession.id.desc())
    )  # fmt: skip
    return SessionPage(
        items=[SessionRow(**row._mapping, current=row.id == actor.session_id) for row in rows]
    )  # fmt: skip
