"""The two ways into a route: `reads(permission)` for what only looks, `requires(permission)` for what changes.

Both answer 401 without a valid session or key and 403 without the permission, before anything else is looked at, and
both show in the OpenAPI.
What is known already is answered on the event loop; whatever asks the database does so in a thread.
"""

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from fastapi import Depends, Request, Response
from pydantic import BaseModel
from sqlalchemy import Connection, bindparam, select, update

from app.identity.auth.models import ApiKey, User, UserSession
from app.kernel import calendar, events, idempotency
from app.kernel.access import KEY_SCOPES, Actor, Permission, Role, permissions_of
from app.kernel.db import Database, Db, database_of
from app.kernel.errors import Forbidden, Unauthenticated
from app.kernel.heads import Head, Heads
from app.kernel.replies import Answer, Kept, Shelf, keep, respond
from app.kernel.secrets import same, token_hash
from app.kernel.statements import Statement

COOKIE = "zhaoshang_session"
CSRF_COOKIE = "zhaoshang_csrf"
SESSION_PREFIX, KEY_PREFIX = "zs_", "zk_"
CSRF_HEADER = "x-csrf-token"
FORMS = ("multipart/", "application/x-www-form-urlencoded")
SEEN_EVERY = timedelta(minutes=1)
ENTERED = "zhaoshang.entered"
NEVER = datetime.min.replace(tzinfo=UTC)


class PasswordChangeRequired(Forbidden):
    code = "password_change_required"
    message = "首次登录或密码到期，须先修改密码"
    english = "Change your password first."


class CsrfMissing(Forbidden):
    code = "csrf"
    message = "缺少或不符的 X-CSRF-Token"
    english = "The X-CSRF-Token header is missing or wrong."


class AddressRefused(Forbidden):
    code = "address_refused"
    message = "此密钥不允许从该地址使用"
    english = "This key may not be used from this address."


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(slots=True)
class Known:
    """An actor this process has met, good while nothing about identity changes."""

    identity_seq: int
    actor: Actor
    until: datetime
    csrf_hash: str | None
    addresses: tuple[Network, ...]
    seen_at: datetime


class Memory:
    """Actors by the hash of what they carry, bounded."""

    def __init__(self, limit: int = 20_000) -> None:
        self.limit = limit
        self.known: OrderedDict[str, Known] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, mark: str) -> Known | None:
        return self.known.get(mark)

    def put(self, mark: str, known: Known) -> None:
        with self.lock:
            self.known[mark] = known
            while len(self.known) > self.limit:
                self.known.popitem(last=False)


def carried(request: Request) -> tuple[str, bool]:
    """The token of a request, and whether a browser sent it by itself (cookie)."""
    header = request.headers.get("authorization")
    if header is not None and header[:7].lower() == "bearer ":
        return header[7:].strip(), False
    found = request.cookies.get(COOKIE)
    if found:
        return found, True
    raise Unauthenticated


class ExpiredSession(Unauthenticated):
    code = "session_expired"
    message, english = "登录已过期，请重新登录", "Your session has expired. Log in again."


def remembered(request: Request, head: Head) -> Actor | None:
    """Who sends this request, if this process has met the actor within the minute; asks no database.

    Everything about identity enters the log, so an actor met before is good while `head` says that nothing has.
    """
    token, by_cookie = carried(request)
    memory: Memory = request.app.state.memory
    known = memory.get(token_hash(token))
    now = calendar.now()
    if known is None or known.identity_seq != head[1] or now - known.seen_at >= SEEN_EVERY:
        return None
    _check(request, known, by_cookie, now)
    return known.actor


def identify(request: Request, connection: Connection, head: Head, *, touch: bool = True) -> Actor:
    """Who sends this request; 401 when nobody we know, or no longer.

    Without `touch` the session is looked at but not kept alive (a stream that only listens).
    """
    token, by_cookie = carried(request)
    mark = token_hash(token)
    memory: Memory = request.app.state.memory
    idle = timedelta(minutes=request.app.state.settings.session_idle_minutes)
    known = memory.get(mark)
    now = calendar.now()
    if known is None or known.identity_seq != head[1]:
        known = _meet(connection, token, mark, head[1])
        memory.put(mark, known)
    user = known.actor.kind == "user"
    if user and known.seen_at + idle <= now:
        # Another process may have served this session meanwhile.
        known = _meet(connection, token, mark, head[1])
        memory.put(mark, known)
    if user and known.seen_at + idle <= now:
        raise ExpiredSession
    _check(request, known, by_cookie, now)
    if touch and now - known.seen_at >= SEEN_EVERY:
        known.seen_at = now
        _seen(request.app.state.database, known.actor, now)
    return known.actor


def _check(request: Request, known: Known, by_cookie: bool, now: datetime) -> None:
    if known.until <= now:
        raise ExpiredSession
    if known.addresses and not _allowed(request, known.addresses):
        raise AddressRefused
    if by_cookie and request.method not in ("GET", "HEAD", "OPTIONS"):
        sent = request.headers.get(CSRF_HEADER, "")
        if known.csrf_hash is None or not same(token_hash(sent), known.csrf_hash):
            raise CsrfMissing


_session = Statement(
    select(
        UserSession.id, UserSession.csrf_hash, UserSession.last_seen_at, UserSession.expires_at,
        User.id.label("user_id"), User.login, User.roles, User.unit_id, User.named, User.must_change_password,
    )
    .join(User, User.id == UserSession.user_id)
    .where(UserSession.token_hash == bindparam("mark"), UserSession.ended_at.is_(None), User.active.is_(True))
)  # fmt: skip
_key = Statement(
    select(
        ApiKey.id, ApiKey.name, ApiKey.scopes, ApiKey.unit_id, ApiKey.addresses, ApiKey.expires_at,
        ApiKey.last_used_at,
    ).where(ApiKey.key_hash == bindparam("mark"), ApiKey.revoked_at.is_(None))
)  # fmt: skip


def _meet(connection: Connection, token: str, mark: str, identity_seq: int) -> Known:
    if token.startswith(SESSION_PREFIX):
        for row in _session.rows(connection, {"mark": mark}):
            session_id, csrf_hash, seen_at, expires_at, user_id, login, held, unit_id, named, must_change = row
            roles = frozenset(Role(role) for role in _list(held))
            # Whoever has an account may look after it, also before a role is granted.
            permissions = permissions_of(roles) | {Permission.SELF}
            actor = Actor(
                user_id, login, "user", roles, permissions, unit_id, bool(named), session_id, bool(must_change)
            )
            return Known(identity_seq, actor, _instant(expires_at), csrf_hash, (), _instant(seen_at))
    if token.startswith(KEY_PREFIX):
        for key_id, name, scoped, unit_id, addresses, expires_at, used_at in _key.rows(connection, {"mark": mark}):
            scopes = frozenset(Permission(scope) for scope in _list(scoped)) & KEY_SCOPES
            # A key without a unit reads like a leader does: all but what is sealed.
            roles = frozenset({Role.REPORTER if unit_id else Role.LEADER})
            actor = Actor(key_id, name, "key", roles, scopes, unit_id)
            networks = tuple(ipaddress.ip_network(address, strict=False) for address in _list(addresses))
            used = NEVER if used_at is None else _instant(used_at)
            return Known(identity_seq, actor, _instant(expires_at), None, networks, used)
    raise Unauthenticated


def _list(value: Any) -> list[str]:
    # The driver of SQLite gives JSON as its text.
    return list(msgspec.json.decode(value) if isinstance(value, str) else value)


def _instant(value: Any) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _allowed(request: Request, networks: tuple[Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)


def _seen(database: Database, actor: Actor, now: datetime) -> None:
    # At most once a minute for each session, outside of the request's own transaction and of the log.
    with database.unit_of_work() as db:
        if actor.kind == "user":
            db.execute(update(UserSession).where(UserSession.id == actor.session_id).values(last_seen_at=now))
        else:
            db.execute(update(ApiKey).where(ApiKey.id == actor.id).values(last_used_at=now))


def admit(actor: Actor, permission: Permission) -> None:
    """403 unless the actor has the permission (and has changed the password it must change)."""
    if actor.must_change_password and permission != Permission.SELF:
        raise PasswordChangeRequired
    if permission not in actor.permissions:
        raise Forbidden


async def enter(request: Request, permission: Permission) -> tuple[Actor, Head]:
    """Who sends this request and may do so, and the head of the log as it stood after the request had come."""
    heads: Heads = request.app.state.heads
    head = await heads.now()
    actor = remembered(request, head)
    if actor is None:
        actor = await database_of(request).read(lambda connection: identify(request, connection, head))
    admit(actor, permission)
    return actor, head


async def entered(request: Request, permission: Permission) -> tuple[Actor, Head]:
    """The same, found out once for each request."""
    found: tuple[Actor, Head] | None = request.scope.get(ENTERED)
    if found is None:
        found = request.scope[ENTERED] = await enter(request, permission)
    return found


# -- reading ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Read:
    """One request that only looks."""

    request: Request
    permission: Permission

    async def answer(self, query: Callable[..., Any], *args: Any) -> Response:
        """Answer with `query(connection, actor, *args)`, from the shelf while nothing has changed.

        `query` returns an `Answer` or plain data; `args` must be hashable: they are the key of the kept body.
        """
        actor, head = await entered(self.request, self.permission)
        shelf: Shelf = self.request.app.state.shelf
        key = (query, args, actor.view)
        kept = shelf.get(key, head[0])
        if kept is None:

            def find(connection: Connection) -> Kept:
                found = query(connection, actor, *args)
                new = keep(found if isinstance(found, Answer) else Answer(found), head[0])
                shelf.put(key, head[0], new)
                return new

            kind = (query, actor.sees_all, *map(_shape, args))
            kept = await database_of(self.request).read(find, kind)
        return respond(self.request, kept)

    async def fresh(self, query: Callable[..., Any], *args: Any) -> Any:
        """The same without keeping: `query`'s own result, for files, streams and answers about the actor."""
        actor, _ = await entered(self.request, self.permission)
        return await database_of(self.request).read(lambda connection: query(connection, actor, *args))


def _shape(arg: Any) -> Any:
    """What of an argument tells how long a read takes: which filters were asked, not for what."""
    return frozenset(arg.model_fields_set) if isinstance(arg, BaseModel) else type(arg)


def reads(permission: Permission) -> Any:
    """A dependency: the route only looks, and asks for this permission. `Annotated[Read, reads(P.X)]`."""

    async def read(request: Request) -> Read:
        return Read(request, permission)

    read.permission = permission  # type: ignore[attr-defined]
    read.gate = partial(entered, permission=permission)  # type: ignore[attr-defined]
    return Depends(read)


# -- changing --------------------------------------------------------------------------------------------------


def requires(permission: Permission) -> Any:
    """A dependency: the route changes something, and asks for this permission. `Annotated[Actor, requires(P.X)]`."""

    async def entering(request: Request, db: Db) -> Actor:
        # A form has been consumed by now; what makes it repeatable are its own means (a ledger changes nothing twice).
        form = request.headers.get("content-type", "").lower().startswith(FORMS)
        body = b"" if form else await request.body()
        actor, _ = await entered(request, permission)
        if idempotency.HEADER in request.headers:
            await database_of(request).read(lambda connection: idempotency.begin(connection, request, body, actor, db))
        events.act(db, actor)
        return actor

    entering.permission = permission  # type: ignore[attr-defined]
    entering.gate = partial(entered, permission=permission)  # type: ignore[attr-defined]
    entering.repeatable = True  # type: ignore[attr-defined]
    return Depends(entering)


async def public() -> None:
    """A dependency that declares: this route asks for no permission."""


public.permission = None  # type: ignore[attr-defined]
Public = Depends(public)
