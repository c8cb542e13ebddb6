"""Logging in and out: passwords checked before any transaction, failures counted in one of their own."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.identity.auth import passwords, queries
from app.identity.auth.access import SESSION_PREFIX
from app.identity.auth.models import LoginGuard, User, UserSession
from app.identity.auth.passwords import Profile
from app.identity.auth.queries import NoSession
from app.identity.auth.schemas import Me
from app.kernel import calendar, events
from app.kernel.access import Actor, Permission, permissions_of
from app.kernel.db import Database
from app.kernel.errors import Invalid, TooMany, Unauthenticated
from app.kernel.events import record
from app.kernel.secrets import new_token, token_hash

log = structlog.get_logger()

FORGOTTEN = timedelta(days=1)
"""Failures further apart than this do not add up."""


class BadCredentials(Unauthenticated):
    code = "bad_credentials"
    message = "登录名或密码不正确"
    english = "The name or the password is wrong."


class Locked(TooMany):
    code = "locked"
    message = "连续失败次数过多，已暂时锁定"
    english = "Too many failed attempts: locked for a while."

    @classmethod
    def until(cls, instant: datetime) -> "Locked":
        left = max(1, int((instant - calendar.now()).total_seconds()))
        clock = instant.astimezone(calendar.SHANGHAI)
        return cls(
            f"连续失败次数过多，已锁定至 {clock:%Y-%m-%d %H:%M:%S}",
            f"Too many failed attempts: locked until {instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}.",
            headers={"Retry-After": str(left)},
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was opened: what its owner gets to know, once."""

    token: str
    csrf: str
    expires_at: datetime
    me: Me


@dataclass(frozen=True, slots=True)
class _Account:
    id: int
    login: str
    stored: str
    earlier: list[str]


def log_in(
    database: Database, profile: Profile, lasts: timedelta, username: str, password: str, address: str, agent: str
) -> Opened:
    """Open a session for whoever knows the password; it ends after `lasts`, and earlier when idle.

    An unknown name, a disabled account and a wrong password are refused alike, and take alike.
    """
    account = _account(database, username.lower())
    guarded = account.login if account else token_hash(username.lower())
    _refuse_while_locked(database, guarded)
    if not passwords.verify(password, account.stored if account else passwords.NOBODY) or account is None:
        _failed(database, profile, guarded, account)
        raise BadCredentials
    fresh = passwords.hash_password(password) if passwords.outdated(account.stored) else None
    with database.unit_of_work() as db:
        return _open(db, profile, lasts, account.id, fresh, address, agent)


def _account(database: Database, login: str) -> _Account | None:
    with database.reading() as connection:
        row = connection.execute(
            select(User.id, User.login, User.password_hash, User.old_hashes).where(
                User.login == login, User.active.is_(True)
            )
        ).one_or_none()
    return _Account(*row) if row else None


def _refuse_while_locked(database: Database, guarded: str) -> None:
    with database.reading() as connection:
        until = connection.execute(select(LoginGuard.locked_until).where(LoginGuard.name == guarded)).scalar()
    if until is not None and until > calendar.now():
        raise Locked.until(until)


def _failed(database: Database, profile: Profile, guarded: str, account: _Account | None) -> None:
    # A transaction of its own: it stands whatever becomes of the request, and a restart does not forget it.
    now = calendar.now()
    with database.unit_of_work() as db:
        insert = sqlite.insert if database.is_sqlite else postgresql.insert
        line = insert(LoginGuard).values(name=guarded, failures=1, failed_at=now)
        more = case((LoginGuard.failed_at < now - FORGOTTEN, 1), else_=LoginGuard.failures + 1)
        failures = db.execute(
            line.on_conflict_do_update(
                index_elements=[LoginGuard.name],
                set_={"failures": more, "failed_at": line.excluded.failed_at},
            ).returning(LoginGuard.failures)
        ).scalar_one()
        db.execute(delete(LoginGuard).where(LoginGuard.failed_at < now - 2 * FORGOTTEN))
        log.warning("login_failed", user=account.login if account else None, failures=failures)
        if failures >= profile.failures:
            until = now + profile.locked_for
            db.execute(update(LoginGuard).where(LoginGuard.name == guarded).values(failures=0, locked_until=until))
            if account is not None:
                record(db, "user.locked", db.get_one(User, account.id), until=until)


def _open(
    db: Session, profile: Profile, lasts: timedelta, user_id: int, fresh: str | None, address: str, agent: str
) -> Opened:
    now = calendar.now()
    user = db.scalars(select(User).where(User.id == user_id).with_for_update()).one()
    guard = db.scalars(select(LoginGuard).where(LoginGuard.name == user.login).with_for_update()).one_or_none()
    if guard is not None:
        # Guesses that were sent at the same time have locked the account meanwhile.
        if guard.locked_until is not None and guard.locked_until > now:
            raise Locked.until(guard.locked_until)
        db.delete(guard)
    if not user.active:
        raise BadCredentials
    user.last_login_at = now
    if fresh is not None:
        user.password_hash = fresh
    if passwords.too_old(profile, user.password_changed_at, now):
        user.must_change_password = True
    token, csrf = new_token(SESSION_PREFIX.rstrip("_")), new_token("csrf")
    session = UserSession(
        user_id=user.id, token_hash=token_hash(token), csrf_hash=token_hash(csrf), created_at=now, last_seen_at=now,
        expires_at=now + lasts, address=address[:60], agent=agent[:200],
    )  # fmt: skip
    db.add(session)
    roles = user.held
    actor = Actor(
        user.id, user.login, "user", roles, permissions_of(roles) | {Permission.SELF}, user.unit_id, user.named
    )
    events.act(db, actor)
    record(db, "session.opened", session, user=user.login)
    return Opened(token, csrf, session.expires_at, queries.me(db, actor))


def end_session(db: Session, actor: Actor, session_id: int | None) -> None:
    """End one of the actor's own sessions."""
    session = db.scalars(
        select(UserSession).where(
            UserSession.id == session_id, UserSession.user_id == actor.id, UserSession.ended_at.is_(None)
        )
    ).one_or_none()
    if session is None:
        raise NoSession
    _end(db, session, actor.name)


def end_sessions(db: Session, user: User, *, but: int | None = None) -> int:
    """End all sessions of a user, save one where that is said; how many were open."""
    open_ones = db.scalars(
        select(UserSession).where(
            UserSession.user_id == user.id, UserSession.ended_at.is_(None), UserSession.expires_at > calendar.now()
        )
    ).all()
    ending = [session for session in open_ones if session.id != but]
    for session in ending:
        _end(db, session, user.login)
    return len(ending)


def end_everybodys_sessions(db: Session, reason: str) -> int:
    """End every open session there is; how many."""
    open_ones = db.execute(
        select(UserSession, User.login)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.ended_at.is_(None), UserSession.expires_at > calendar.now())
    ).all()
    for session, login in open_ones:
        _end(db, session, login, reason)
    return len(open_ones)


def _end(db: Session, session: UserSession, login: str, reason: str | None = None) -> None:
    session.ended_at = calendar.now()
    record(db, "session.ended", session, reason=reason, user=login)


def new_hash(database: Database, profile: Profile, actor: Actor, old: str, new: str) -> str:
    """The stored form of the actor's next password, after checking the old one and the rules.

    To be called before the transaction begins: it hashes, and it counts failures like a login does.
    """
    account = _account(database, actor.name)
    if account is None:
        raise Unauthenticated
    _refuse_while_locked(database, account.login)
    if not passwords.verify(old, account.stored):
        _failed(database, profile, account.login, account)
        raise Invalid.field("old_password", "wrong", "现密码不正确")
    passwords.check(profile, account.login, new, [account.stored, *account.earlier], field="new_password")
    return passwords.hash_password(new)


def set_password(db: Session, user: User, hashed: str, *, must_change: bool, but: int | None = None) -> None:
    """Replace the password; all sessions end, save one where that is said."""
    user.old_hashes = [user.password_hash, *user.old_hashes][: passwords.REMEMBERED]
    user.password_hash = hashed
    user.password_changed_at = calendar.now()
    user.must_change_password = must_change
    record(db, "user.password_changed", user)
    end_sessions(db, user, but=but)


def change_password(db: Session, actor: Actor, hashed: str) -> None:
    """The actor's own new password; the session in use goes on, all others end."""
    user = db.scalars(select(User).where(User.id == actor.id).with_for_update()).one()
    set_password(db, user, hashed, must_change=False, but=actor.session_id)
