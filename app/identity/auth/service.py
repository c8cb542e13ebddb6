"""Accounts and keys: creating, granting, disabling. Who creates an account does not grant its roles."""

import re
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.identity.auth import logins, passwords
from app.identity.auth.access import KEY_PREFIX
from app.identity.auth.models import ApiKey, LoginGuard, User
from app.identity.auth.queries import NoKey
from app.identity.auth.schemas import LOGIN_PATTERN, KeyIn, UserPatch
from app.identity.units import queries as units
from app.kernel import calendar
from app.kernel.access import ROLE_LABELS, SEPARATED, Actor, Role
from app.kernel.errors import Conflict, Forbidden, Invalid
from app.kernel.events import record
from app.kernel.names import pinyin
from app.kernel.secrets import new_token, token_hash

LONGEST_KEY = timedelta(days=366)


class UserExists(Conflict):
    code = "user_exists"
    message = "登录名已被使用"
    english = "There is a user with this name."


class KeyExists(Conflict):
    code = "key_exists"
    message = "已有同名的密钥"
    english = "There is a key with this name."


class ScopeBeyond(Forbidden):
    code = "scope_beyond"
    message = "密钥的权限不得超出创建者本人的权限；读取业务数据的密钥由审核人创建"
    english = "A key opens no more than its maker may. Keys to business data are made by reviewers."


class OwnAccount(Forbidden):
    code = "own_account"
    message = "不得为自己授予角色或停用自己的账号"
    english = "Nobody grants roles to himself or disables his own account."


class AdministratorAccount(Forbidden):
    code = "administrator_account"
    message = "三员账号不由系统管理员重置或停用：请先由安全管理员收回其角色，或在服务器上以命令行处理"
    english = "An administrator's account: take its role away first, or use the command line on the server."


def checked_hash(login: str, password: str, profile: str = "djbh") -> str:
    """The stored form of a password that the profile allows. Slow: call it before the transaction."""
    passwords.check(passwords.PROFILES[profile], login, password)
    return passwords.hash_password(password)


def create_user(
    db: Session,
    login: str,
    name: str,
    roles: Collection[Role],
    password_hash: str,
    *,
    unit_code: str | None = None,
    phone: str | None = None,
    must_change: bool = True,
) -> User:
    """An account; `password_hash` comes from `checked_hash`. It must change its password at the first login."""
    if re.fullmatch(LOGIN_PATTERN, login) is None:
        raise Invalid.field("login", "pattern", "2 到 64 个小写字母、数字或 . _ -，以字母或数字开头")
    if db.scalars(select(User.id).where(User.login == login)).first() is not None:
        raise UserExists
    unit_id = _unit(db, unit_code)
    held = _checked_roles(roles, unit_id)
    user = User(
        login=login, name=name, pinyin=pinyin(name)[:200], phone=phone, unit_id=unit_id, roles=held,
        password_hash=password_hash, old_hashes=[], password_changed_at=calendar.now(),
        must_change_password=must_change,
    )  # fmt: skip
    db.add(user)
    db.flush()
    return user


def _unit(db: Session, code: str | None) -> int | None:
    if code is None:
        return None
    unit = units.ref(db, code)
    if unit is None:
        raise Invalid.field("unit", "unknown", f"没有编码为 {code} 的责任单位")
    return unit.id


def _checked_roles(roles: Collection[Role], unit_id: int | None) -> list[str]:
    held = sorted(set(roles))
    separated = [role for role in held if role in SEPARATED]
    if separated and len(held) > 1:
        names = "、".join(ROLE_LABELS[role] for role in held)
        raise Invalid.field(
            "roles", "exclusive", f"三员分立：系统、安全、审计三种角色互斥，也不得兼任业务角色（{names}）"
        )
    if Role.REPORTER in held and unit_id is None:
        raise Invalid.field("roles", "unit_missing", "单位联络员须先指定所在责任单位")
    return [role.value for role in held]


def change_user(db: Session, actor: Actor, user: User, patch: UserPatch) -> None:
    """Apply what was sent: name, unit, phone, or whether the account may be used."""
    given = patch.model_dump(exclude_unset=True)
    for field in ("name", "active"):
        if field in given and given[field] is None:
            raise Invalid.field(field, "missing", "不可清空")
    if patch.name is not None:
        user.name, user.pinyin = patch.name, pinyin(patch.name)[:200]
    if "phone" in given:
        user.phone = patch.phone
    if "unit" in given:
        user.unit_id = _unit(db, patch.unit)
        _checked_roles(user.held, user.unit_id)
    if patch.active is not None and patch.active != user.active:
        if actor.kind == "user" and actor.id == user.id:
            raise OwnAccount
        _not_an_administrator(actor, user)
        user.active = patch.active
        if not user.active:
            logins.end_sessions(db, user)
        record(db, "user.enabled" if user.active else "user.disabled", user)


def _not_an_administrator(actor: Actor, user: User) -> None:
    # Else a system administrator could become a security administrator by resetting one's password.
    if user.administers and actor.kind != "system":
        raise AdministratorAccount


def set_roles(db: Session, actor: Actor, user: User, roles: Collection[Role]) -> None:
    """Grant exactly these roles."""
    if actor.kind == "user" and actor.id == user.id:
        raise OwnAccount
    user.roles = _checked_roles(roles, user.unit_id)
    record(db, "user.granted", user)


def reset_password(db: Session, actor: Actor, user: User, hashed: str) -> None:
    """Replace a forgotten password; it must be changed at the next login, and all sessions end."""
    _not_an_administrator(actor, user)
    logins.set_password(db, user, hashed, must_change=True)


def unlock(db: Session, user: User) -> None:
    """Let a user try again at once."""
    db.execute(delete(LoginGuard).where(LoginGuard.name == user.login))
    record(db, "user.unlocked", user)


def create_key(db: Session, actor: Actor, body: KeyIn) -> tuple[ApiKey, str]:
    """A key for a machine, and the secret that is told only now; 403 for a scope that the maker has not himself."""
    beyond = set(body.scopes) - actor.permissions
    if beyond:
        raise ScopeBeyond(f"{ScopeBeyond.message}：{'、'.join(sorted(beyond))}", ScopeBeyond.english)
    today = calendar.today()
    if not today <= body.expires_on <= today + LONGEST_KEY:
        raise Invalid.field("expires_on", "range", "应在今天之后、一年之内")
    if db.scalars(select(ApiKey.id).where(ApiKey.name == body.name)).first() is not None:
        raise KeyExists
    secret = new_token(KEY_PREFIX.rstrip("_"))
    key = ApiKey(
        name=body.name, prefix=secret[:11], key_hash=token_hash(secret), scopes=sorted(set(body.scopes)),
        unit_id=_unit(db, body.unit), addresses=body.addresses, created_by=actor.id, created_at=calendar.now(),
        expires_at=calendar.midnight_of(body.expires_on + timedelta(days=1)),
    )  # fmt: skip
    db.add(key)
    db.flush()
    return key, secret


def revoke_key(db: Session, key_id: int) -> ApiKey:
    """End a key at once; doing it again changes nothing."""
    key = db.scalars(select(ApiKey).where(ApiKey.id == key_id).with_for_update()).one_or_none()
    if key is None:
        raise NoKey
    if key.revoked_at is None:
        key.revoked_at = calendar.now()
        record(db, "api_key.revoked", key)
    return key
