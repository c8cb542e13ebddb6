"""`zhaoshang …`: what an administrator does at the machine."""

import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app import domains, worker
from app.config import Settings
from app.identity.auth import service as accounts
from app.kernel import chain, events, schema
from app.kernel.access import SYSTEM, Role
from app.kernel.db import Database
from app.kernel.errors import Problem
from app.main import create_app

cli = typer.Typer(help="慧招商：区县招商投资促进局的开放后端。", no_args_is_help=True, add_completion=False)
users = typer.Typer(help="用户：创建首个管理员、重置密码、解除锁定。", no_args_is_help=True)
log = typer.Typer(help="事件日志。", no_args_is_help=True)
cli.add_typer(users, name="user")
cli.add_typer(log, name="log")
console = Console(stderr=True)


@contextmanager
def opened() -> Iterator[Database]:
    """The database of the settings, with the log installed; problems end the command with their message."""
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    events.install(database, domains.REACTIONS)
    try:
        yield database
    except Problem as problem:
        console.print(f"[red]{problem.said}[/red]")
        for error in problem.errors:
            console.print(f"  {error.field}：{error.message}")
        raise typer.Exit(1) from None
    finally:
        database.close()


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Progress]:
    """A bar on standard error for work that takes a while."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=not console.is_terminal) as bar:
        bar.add_task(label, total=total)
        yield bar


@cli.command()
def migrate() -> None:
    """把数据库升级到最新结构（可重复执行）。"""
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    schema.upgrade(settings.database)


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="默认取 HOST 或 127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="默认取 PORT 或 8000")] = None,
) -> None:
    """升级数据库并启动服务。"""
    migrate()
    settings = Settings()
    address, number = host or settings.host, port or settings.port
    console.print(f"慧招商：http://{address}:{number}/docs")
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=address,
        port=number,
        workers=settings.workers if settings.workers > 1 else None,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=10,
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
    )


@cli.command(name="worker")
def run_worker() -> None:
    """以独立进程执行定时任务（服务进程须设 WORKER_INSIDE=false）。"""
    worker.run(Settings())


@cli.command()
def openapi() -> None:
    """把 OpenAPI 描述写到标准输出。"""
    print(json.dumps(create_app(Settings(database_url="sqlite://")).openapi(), ensure_ascii=False, indent=2))


@users.command("create")
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
        hashed = accounts.checked_hash(login, password)
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
    return secrets.token_urlsafe(12) + "-A1", True


@log.command("verify")
def verify() -> None:
    """逐条核对事件日志的编号与校验链；有缺失或被改动时指出编号并以 1 退出。"""
    with opened() as database, database.reading() as connection:
        total, _ = chain.head(connection)
        with progress("核对日志", total) as bar:
            verdict = chain.verify(connection, lambda seen: bar.update(bar.task_ids[0], completed=seen))
    if verdict.intact:
        print(f"日志完整：{verdict.events} 条")
        return
    print(f"日志已损坏：{verdict.reason}（此前 {verdict.events} 条完好）")
    raise typer.Exit(1)


def main() -> None:
    cli()
