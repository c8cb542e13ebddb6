"""Accounts: the first administrator, forgotten passwords, who may come in."""

import os
import sys
from typing import Annotated

import typer
from rich.table import Table

from app.cli.terminal import opened, show
from app.config import Settings
from app.identity.auth import passwords, queries
from app.identity.auth import service as accounts
from app.identity.auth.schemas import UserPatch, UserRow
from app.kernel import calendar, events, schema
from app.kernel.access import ROLE_LABELS, SYSTEM, Role

commands = typer.Typer(help="用户：创建首个管理员、重置密码、解除锁定、停用。", no_args_is_help=True)


@commands.command("create")
def create_user(
    login: str,
    role: Annotated[list[Role], typer.Option(help="可多次给出")],
    name: Annotated[str | None, typer.Option(help="姓名，默认同登录名")] = None,
    unit: Annotated[str | None, typer.Option(help="所在责任单位编码（单位联络员必填）")] = None,
) -> None:
    """创建用户。密码取自环境变量 ZHAOSHANG_PASSWORD 或终端输入；两者都没有时随机生成并打印一次。首次登录须修改。"""
    password, shown = _password()
    with opened() as database:
        schema.upgrade(Settings().database)
        hashed = accounts.checked_hash(login, password, Settings().password_profile)
        with database.unit_of_work() as db:
            events.act(db, SYSTEM)
            accounts.create_user(db, login, name or login, frozenset(role), hashed, unit_code=unit)
    print(f"已创建用户 {login}" + (f"，初始密码：{password}" if shown else ""))


def _password() -> tuple[str, bool]:
    """(password, whether it was made here and must be shown)."""
    given = os.environ.get("ZHAOSHANG_PASSWORD")
    if given:
        return given, False
    if sys.stdin.isatty():
        return typer.prompt("密码", hide_input=True, confirmation_prompt=True), False
    return passwords.generate(), True


@commands.command("password")
def reset_password(login: str) -> None:
    """重置密码（来源同 create）。结束该用户的全部会话，下次登录须修改。"""
    password, shown = _password()
    with opened() as database:
        hashed = accounts.checked_hash(login, password, Settings().password_profile)
        with database.unit_of_work() as db:
            events.act(db, SYSTEM)
            accounts.reset_password(db, SYSTEM, queries.user_get(db, login), hashed)
    print(f"已重置 {login} 的密码" + (f"：{password}" if shown else ""))


@commands.command("unlock")
def unlock(login: str) -> None:
    """解除因连续登录失败造成的锁定。"""
    with opened() as database, database.unit_of_work() as db:
        events.act(db, SYSTEM)
        accounts.unlock(db, queries.user_get(db, login))
    print(f"已解除 {login} 的锁定")


@commands.command("disable")
def disable(login: str) -> None:
    """停用账号，结束其全部会话。"""
    _set_active(login, False)
    print(f"已停用 {login}")


@commands.command("enable")
def enable(login: str) -> None:
    """重新启用账号。"""
    _set_active(login, True)
    print(f"已启用 {login}")


def _set_active(login: str, active: bool) -> None:
    with opened() as database, database.unit_of_work() as db:
        events.act(db, SYSTEM)
        accounts.change_user(db, SYSTEM, queries.user_get(db, login), UserPatch(active=active))


@commands.command("list")
def list_users() -> None:
    """列出全部账号。"""
    table = Table("登录名", "姓名", "角色", "责任单位", "状态", "最近登录", box=None)
    with opened() as database, database.reading() as connection:
        for user in queries.every_user(connection):
            last = user.last_login_at.astimezone(calendar.SHANGHAI) if user.last_login_at else None
            roles = "、".join(ROLE_LABELS[role] for role in user.roles)
            seen = f"{last:%Y-%m-%d %H:%M}" if last else "从未"
            table.add_row(user.login, user.name, roles or "无", user.unit_name or "", _state(user), seen)
    show(table)


def _state(user: UserRow) -> str:
    if not user.active:
        return "停用"
    if user.locked_until is not None and user.locked_until > calendar.now():
        return f"锁定至 {user.locked_until.astimezone(calendar.SHANGHAI):%H:%M}"
    return "待改密码" if user.must_change_password else "正常"
