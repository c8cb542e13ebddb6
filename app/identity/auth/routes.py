from datetime import timedelta
from typing import Annotated, Any

import anyio
import anyio.to_thread
from fastapi import Path, Request, Response

from app.config import Settings
from app.identity.auth import logins, queries
from app.identity.auth.access import COOKIE, CSRF_COOKIE, CsrfMissing, ExpiredSession, Public, Read, reads, requires
from app.identity.auth.logins import BadCredentials, Locked, Opened
from app.identity.auth.passwords import PROFILES
from app.identity.auth.queries import NoSession
from app.identity.auth.schemas import LoginIn, LoginOut, Me, PasswordChange, SessionPage
from app.kernel.access import Actor, Permission
from app.kernel.db import Db, database_of
from app.kernel.errors import Forbidden, Invalid, TooMany, Unauthenticated, raises
from app.kernel.replies import encode, saved
from app.kernel.routing import api

router = api("auth")

# Hashing takes time and memory: so many logins at once, so many waiting, and no thread of anybody else.
AT_ONCE, WAITING = 4, 100
_logins = anyio.CapacityLimiter(AT_ONCE)

SELF_READ = Annotated[Read, reads(Permission.SELF)]
SELF = Annotated[Actor, requires(Permission.SELF)]


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


@router.post(
    "/auth/login",
    response_model=LoginOut,
    responses=raises(BadCredentials, Locked, TooMany, Invalid),
    dependencies=[Public],
    summary="登录",
)
async def log_in(body: LoginIn, request: Request) -> Response:
    """Open a session: its token for the Authorization header, and cookies for browsers.

    With cookies, requests that change something carry the value of the cookie `zhaoshang_csrf` in the header
    `X-CSRF-Token`. Which of name and password was wrong is not told; five failures lock the name for 30 minutes.
    """
    if _logins.statistics().tasks_waiting >= WAITING:
        raise TooMany
    settings = _settings(request)

    def open_session() -> Opened:
        return logins.log_in(
            database_of(request), PROFILES[settings.password_profile], timedelta(hours=settings.session_hours),
            body.username, body.password, _address(request), request.headers.get("user-agent", ""),
        )  # fmt: skip

    opened = await anyio.to_thread.run_sync(open_session, limiter=_logins)
    out = LoginOut(
        access_token=opened.token, expires_at=opened.expires_at, user=opened.me,
        must_change_password=opened.me.must_change_password,
    )  # fmt: skip
    response = Response(encode(out), media_type="application/json", headers={"Cache-Control": "no-store"})
    for name, value, hidden in ((COOKIE, opened.token, True), (CSRF_COOKIE, opened.csrf, False)):
        response.set_cookie(
            name, value, max_age=settings.session_hours * 3600, httponly=hidden, secure=settings.secure_cookies,
            samesite="lax",
        )  # fmt: skip
    return response


@router.post(
    "/auth/logout", status_code=204, responses=raises(Unauthenticated, ExpiredSession, CsrfMissing), summary="退出"
)
def log_out(request: Request, db: Db, actor: SELF) -> Response:
    """End the session in use."""
    logins.end_session(db, actor, actor.session_id)
    response = saved(db, None, status=204)
    for name in (COOKIE, CSRF_COOKIE):
        response.delete_cookie(name, secure=_settings(request).secure_cookies, samesite="lax")
    return response


@router.get("/auth/me", response_model=Me, responses=raises(Unauthenticated, ExpiredSession), summary="我")
async def who_am_i(read: SELF_READ) -> Response:
    """The account that asks, its roles and permissions."""
    return _fresh(await read.fresh(queries.me))


@router.post(
    "/auth/password",
    status_code=204,
    responses=raises(Unauthenticated, CsrfMissing, Invalid, Locked),
    summary="修改密码",
)
def change_password(body: PasswordChange, request: Request, db: Db, actor: SELF) -> Response:
    """Change one's own password. All other sessions end."""
    profile = PROFILES[_settings(request).password_profile]
    hashed = logins.new_hash(database_of(request), profile, actor, body.old_password, body.new_password)
    logins.change_password(db, actor, hashed)
    return saved(db, None, status=204)


@router.get("/auth/sessions", response_model=SessionPage, responses=raises(Unauthenticated), summary="我的会话")
async def list_my_sessions(read: SELF_READ) -> Response:
    """One's own open sessions."""
    return _fresh(await read.fresh(queries.my_sessions))


@router.delete(
    "/auth/sessions/{session_id}",
    status_code=204,
    responses=raises(Unauthenticated, Forbidden, NoSession),
    summary="结束我的一个会话",
)
def end_my_session(
    session_id: Annotated[int, Path(description="会话编号", ge=1, le=2**63 - 1)], db: Db, actor: SELF
) -> Response:
    """End one of one's own sessions: whoever uses it is out at once."""
    logins.end_session(db, actor, session_id)
    return saved(db, None, status=204)


def _fresh(found: Any) -> Response:
    return Response(encode(found), media_type="application/json", headers={"Cache-Control": "no-store"})
