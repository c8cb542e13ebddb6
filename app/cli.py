"""`zhaoshang …`: what an administrator does at the machine."""

import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app import domains, worker
from app.config import Settings
from app.demo.loading import LEDGER, NotLoaded, load
from app.exchange.ledgers import files
from app.exchange.ledgers.models import PHASE_LABELS, Mode, Phase
from app.exchange.ledgers.service import Progress as ImportProgress
from app.identity.auth import service as accounts
from app.kernel import calendar, chain, events, schema
from app.kernel.access import SYSTEM, Role
from app.kernel.db import Database
from app.kernel.errors import Problem
from app.kernel.telemetry import set_up_logs
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
    set_up_logs(settings.log_format, "error")
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


# -- ledgers -------------------------------------------------------------------------------------------------------


@contextmanager
def import_progress() -> Iterator[ImportProgress]:
    """A bar that goes through the phases of an import."""
    with progress("导入台账", None) as bar:

        def told(phase: Phase, done: int, total: int) -> None:
            bar.update(bar.task_ids[0], description=PHASE_LABELS[phase], completed=done, total=total or None)

        yield told


@cli.command("import")
def import_ledger(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="台账：.xlsx、.xls 或 .csv")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="试运行：读取并核对，不写入")] = False,
    valid_rows: Annotated[bool, typer.Option("--valid-rows", help="只写入没有问题的行")] = False,
) -> None:
    """导入台账。默认有一行被拒绝则都不写入，并以 1 退出。重复导入同一文件没有变化。"""
    settings = Settings()
    mode = Mode.DRY_RUN if dry_run else Mode.VALID_ROWS if valid_rows else Mode.ALL
    with opened() as database:
        schema.upgrade(settings.database)
        with import_progress() as told:
            result = files.import_file(
                database, file, SYSTEM, mode=mode, district=settings.district, progress=told
            )  # fmt: skip
    _print_result(result)
    if result["state"] in ("refused", "failed"):
        raise typer.Exit(1)


def _print_result(result: dict[str, Any]) -> None:
    """What came of an import: the refused rows (or those warned of) as a table, then one sentence."""
    rows = [(row["sheet"], row["row"], finding) for row in result["rows"] for finding in row["findings"]]
    rows += [(sheet["name"], "", finding) for sheet in result["sheets"] for finding in sheet["findings"]]
    levels = {"refused": "[red]拒绝[/red]", "warning": "[yellow]提醒[/yellow]"}
    shown = [each for each in rows if each[2]["level"] in levels]
    if shown:
        table = Table("工作表", "行", "", "说明", show_lines=False)
        for sheet, number, finding in shown[:200]:
            table.add_row(sheet, str(number), levels[finding["level"]], finding["message"])
        Console().print(table)
        if len(shown) > 200:
            print(f"……另有 {len(shown) - 200} 条，见导入编号 {result['id']}")
    print(f"导入编号 {result['id']}：{result['message']}")


@cli.command("export")
def export_ledger(file: Annotated[Path, typer.Argument(dir_okay=False, help="写到这个 .xlsx 文件")]) -> None:
    """把在库的全部项目导出为台账（含密封项目；已归档的不在内）。"""
    settings = Settings()
    with opened() as database:
        schema.upgrade(settings.database)
        count = files.export_file(database, file, SYSTEM, settings.district_name)
    print(f"已写入 {file}：{count} 行")


@cli.command()
def demo() -> None:
    """载入演示数据（数据库还没有用户时），打印访问地址和演示账号。再次执行保留已有数据。"""
    settings = Settings()
    with opened() as database, import_progress() as told:
        try:
            loaded = load(database, settings, calendar.today(), told)
        except NotLoaded as error:
            console.print(f"[red]演示台账未能导入：{error}[/red]")
            raise typer.Exit(1) from None
    print(f"访问地址：http://{settings.host}:{settings.port}/docs")
    print(f"演示账号：{'、'.join(loaded.logins)}" if loaded.fresh else "数据库已有用户，保留已有数据。")
    if loaded.fresh and settings.demo_password is None:
        print(f"演示账号的密码（只显示这一次）：{loaded.password}")
    elif settings.demo_password is not None:
        print("演示账号的密码：环境变量 DEMO_PASSWORD 所设" + ("" if loaded.fresh else "（首次载入时的值）"))
    if loaded.fresh and loaded.result is not None:
        print(f"演示台账 {settings.data_dir / LEDGER}：{loaded.result.message}")
        print("部分项目名称来自公开报告，其金额、日期以及其余内容均为虚构。")


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
