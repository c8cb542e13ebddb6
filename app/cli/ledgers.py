"""Ledgers (台账) in and out, and the demo."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from app.cli.terminal import console, opened, progress, show
from app.config import Settings
from app.demo import municipal
from app.demo.loading import LEDGER, NotLoaded, load
from app.exchange.ledgers import files
from app.exchange.ledgers.models import PHASE_LABELS, Mode, Phase
from app.exchange.ledgers.service import Progress as ImportProgress
from app.kernel import calendar, schema
from app.kernel.access import SYSTEM

commands = typer.Typer()


@contextmanager
def import_progress() -> Iterator[ImportProgress]:
    """A bar that goes through the phases of an import."""
    with progress("导入台账", None) as bar:

        def told(phase: Phase, done: int, total: int) -> None:
            bar.update(bar.task_ids[0], description=PHASE_LABELS[phase], completed=done, total=total or None)

        yield told


@commands.command("import")
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
        show(table)
        if len(shown) > 200:
            print(f"……另有 {len(shown) - 200} 条，见导入编号 {result['id']}")
    print(f"导入编号 {result['id']}：{result['message']}")
    if result["funds"]["declared"]:
        print(f"到位资金待审核人确认：POST /api/v1/ledgers/imports/{result['id']}/confirm")


@commands.command("export")
def export_ledger(file: Annotated[Path, typer.Argument(dir_okay=False, help="写到这个 .xlsx 文件")]) -> None:
    """把在库的全部项目导出为台账（含密封项目；已归档的不在内）。"""
    settings = Settings()
    with opened() as database:
        schema.upgrade(settings.database)
        count = files.export_file(database, file, SYSTEM, settings.district_name)
    print(f"已写入 {file}：{count} 行")


@commands.command()
def demo() -> None:
    """载入演示数据（数据库还没有用户时），打印访问地址和演示账号。再次执行保留已有数据。"""
    settings = Settings()
    with opened() as database, import_progress() as told:
        try:
            loaded = load(database, settings, calendar.today(), told)
        except NotLoaded as error:
            console.print(f"[red]演示台账未能导入：{error}[/red]")
            raise typer.Exit(1) from None
    municipal.keep_a_channel(settings, loaded.fresh)
    print(f"访问地址：http://{settings.host}:{settings.port}/docs")
    print(f"演示账号：{'、'.join(loaded.logins)}" if loaded.fresh else "数据库已有用户，保留已有数据。")
    if loaded.fresh and settings.demo_password is None:
        print(f"演示账号的密码（只显示这一次）：{loaded.password}")
    elif settings.demo_password is not None:
        print("演示账号的密码：环境变量 DEMO_PASSWORD 所设" + ("" if loaded.fresh else "（首次载入时的值）"))
    if loaded.fresh and loaded.result is not None:
        print(f"演示台账 {settings.data_dir / LEDGER}：{loaded.result.message}")
        print("部分项目名称来自公开报告，其金额、日期以及其余内容均为虚构。")
