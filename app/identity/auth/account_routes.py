from typing import Annotated

from fastapi import Path, Response

from app.identity.auth import logins, passwords, queries, service
from app.identity.auth.access import Read, reads, requires
from app.identity.auth.queries import NoKey, NoUser
from app.identity.auth.schemas import (
    LOGIN_PATTERN,
    Ended,
    KeyCreated,
    KeyFilter,
    KeyIn,
    KeyRow,
    NewPassword,
    RolesIn,
    UserCreated,
    UserFilter,
    UserIn,
    UserPatch,
    UserRow,
)
from app.identity.auth.service import AdministratorAccount, KeyExists, OwnAccount, ScopeBeyond, UserExists
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.errors import Forbidden, IfMatchMissing, Invalid, Stale, Unauthenticated, raises
from app.kernel.openapi import TOLD_ONCE
from app.kernel.paging import page_of
from app.kernel.preconditions import IfMatch, expect
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("accounts")

Login = Annotated[str, Path(description="登录名", pattern=LOGIN_PATTERN, examples=["xieyutong"])]
UserReader = Annotated[Read, reads(Permission.USER_READ)]
UserEditor = Annotated[Actor, requires(Permission.USER_EDIT)]
RoleGranter = Annotated[Actor, requires(Permission.ROLE_GRANT)]
KeyEditor = Annotated[Actor, requires(Permission.KEY_EDIT)]


def _once(db: Db, response: Response) -> Response:
    """A secret is told once: its answer is not kept with an Idempotency-Key."""
    db.info.pop("answer", None)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.get(
    "/users", response_model=page_of(UserRow), responses=raises(Unauthenticated, Forbidden, Invalid), summary="用户列表"
)
async def list_users(read: UserReader, q: Annotated[UserFilter, asked(UserFilter)]) -> Response:
    """The accounts."""
    return await read.answer(queries.user_page, q)


@router.get(
    "/users/{login}", response_model=UserRow, responses=raises(Unauthenticated, Forbidden, NoUser), summary="一个用户"
)
async def get_user(read: UserReader, login: Login) -> Response:
    """One account."""
    return await read.answer(queries.user_one, login)


@router.post(
    "/users",
    response_model=UserCreated,
    status_code=201,
    responses=raises(Unauthenticated, Forbidden, UserExists, Invalid),
    summary="新增用户",
    openapi_extra=TOLD_ONCE,
)
def create_user(body: UserIn, db: Db, _actor: UserEditor) -> Response:
    """Create an account without roles; its first password is told once and must be changed at the first login.

    A security administrator grants the roles (`PUT /users/{login}/roles`).
    """
    password = passwords.generate()
    hashed = passwords.hash_password(password)
    user = service.create_user(db, body.login, body.name, (), hashed, unit_code=body.unit, phone=body.phone)
    out = UserCreated(**queries.user_out(db, user).model_dump(), initial_password=password)
    location = f"/api/v1/users/{user.login}"
    return _once(db, saved(db, out, status=201, location=location, row_version=user.version))


@router.patch(
    "/users/{login}",
    response_model=UserRow,
    responses=raises(
        Unauthenticated, Forbidden, OwnAccount, AdministratorAccount, NoUser, Invalid, IfMatchMissing, Stale
    ),
    summary="修改用户",
)
def change_user(login: Login, body: UserPatch, if_match: IfMatch, db: Db, actor: UserEditor) -> Response:
    """Change name, unit or phone, disable or enable an account."""
    user = queries.user_get(db, login)
    expect(user.version, if_match)
    service.change_user(db, actor, user, body)
    return saved(db, queries.user_out(db, user), row_version=user.version)


@router.post(
    "/users/{login}/password-reset",
    response_model=NewPassword,
    responses=raises(Unauthenticated, Forbidden, AdministratorAccount, NoUser),
    summary="重置密码",
    openapi_extra=TOLD_ONCE,
)
def reset_password(login: Login, db: Db, actor: UserEditor) -> Response:
    """Give a user a new random password, told once. Sessions end; it must be changed at the next login."""
    password = passwords.generate()
    hashed = passwords.hash_password(password)
    service.reset_password(db, actor, queries.user_get(db, login), hashed)
    return _once(db, saved(db, NewPassword(initial_password=password)))


@router.post(
    "/users/{login}/unlock",
    response_model=UserRow,
    responses=raises(Unauthenticated, Forbidden, NoUser),
    summary="解除锁定",
)
def unlock_user(login: Login, db: Db, _actor: RoleGranter) -> Response:
    """End the lock that failed logins have brought."""
    user = queries.user_get(db, login)
    service.unlock(db, user)
    return saved(db, queries.user_out(db, user), row_version=user.version)


@router.put(
    "/users/{login}/roles",
    response_model=UserRow,
    responses=raises(Unauthenticated, Forbidden, OwnAccount, NoUser, Invalid, IfMatchMissing, Stale),
    summary="授予角色",
)
def set_roles(login: Login, body: RolesIn, if_match: IfMatch, db: Db, actor: RoleGranter) -> Response:
    """Grant exactly these roles. The three administrators exclude each other and every business role."""
    user = queries.user_get(db, login)
    expect(user.version, if_match)
    service.set_roles(db, actor, user, body.roles)
    return saved(db, queries.user_out(db, user), row_version=user.version)


@router.delete(
    "/users/{login}/sessions",
    response_model=Ended,
    responses=raises(Unauthenticated, Forbidden, NoUser),
    summary="结束用户的全部会话",
)
def end_user_sessions(login: Login, db: Db, _actor: RoleGranter) -> Response:
    """End all sessions of a user at once."""
    return saved(db, Ended(ended=logins.end_sessions(db, queries.user_get(db, login))))


@router.get(
    "/keys", response_model=page_of(KeyRow), responses=raises(Unauthenticated, Forbidden, Invalid), summary="密钥列表"
)
async def list_keys(
    read: Annotated[Read, reads(Permission.KEY_EDIT)], q: Annotated[KeyFilter, asked(KeyFilter)]
) -> Response:
    """The keys that machines use, newest first."""
    return await read.answer(queries.key_page, q)


@router.post(
    "/keys",
    response_model=KeyCreated,
    status_code=201,
    responses=raises(Unauthenticated, Forbidden, ScopeBeyond, KeyExists, Invalid),
    summary="新增密钥",
    openapi_extra=TOLD_ONCE,
)
def create_key(body: KeyIn, db: Db, actor: KeyEditor) -> Response:
    """Create a key for a machine. It is told once, reads only what its scopes say, and ends within a year.

    Nobody gives a key what he has not: a system administrator's opens units and choices; reviewers make those that
    read projects and figures. Both see all keys and may revoke them.
    """
    key, secret = service.create_key(db, actor, body)
    out = KeyCreated(**queries.key_out(db, key).model_dump(), key=secret)
    return _once(db, saved(db, out, status=201))


@router.delete(
    "/keys/{key_id}", response_model=KeyRow, responses=raises(Unauthenticated, Forbidden, NoKey), summary="吊销密钥"
)
def revoke_key(
    key_id: Annotated[int, Path(description="密钥编号", ge=1, le=2**63 - 1)], db: Db, _actor: KeyEditor
) -> Response:
    """Revoke a key: it opens nothing from now on. Its row stays for the audit."""
    key = service.revoke_key(db, key_id)
    return saved(db, queries.key_out(db, key))
