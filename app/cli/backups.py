"""One file with everything, and everything from one file."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.terminal import opened, progress, say
from app.config import Settings
from app.exchange.backup import archive, restoring, saving
from app.kernel import calendar

commands = typer.Typer()


@contextmanager
def _told(label: str) -> Iterator[archive.Progress]:
    with progress(label, None) as bar:

        def tell(what: str, done: int, total: int) -> None:
            bar.update(bar.task_ids[0], description=f"{label} {what}", completed=done, total=total)

        yield tell


@commands.command()
def backup(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="写到这个文件，如 zhaoshang-0801.tar.gz")],
) -> None:
    """把数据库的全部内容和存储的文件备份为一个文件。其间服务照常运行；备份是同一时刻的内容。"""
    with opened() as database, _told("备份") as tell:
        manifest = saving.save(database, Settings().data_dir, file, tell)
    rows = sum(held.rows for held in manifest.tables.values())
    files = manifest.tables["stored_file"].rows - len(manifest.missing_files)
    print(
        f"已备份到 {file}：{len(manifest.tables)} 张表，{rows} 行，{files} 个文件；事件日志至第 {manifest.log.seq} 条"
    )
    print(f"日志链头（另处留存，可证明备份未被改动）：{manifest.log.hash}")
    if manifest.missing_files:
        say(f"有 {len(manifest.missing_files)} 个文件在存储中缺失或已损坏，不在备份内：")
        for sha256 in manifest.missing_files:
            say(f"  {sha256}")
    print("备份含联系方式与口令散列，请妥善保管。")
    if manifest.missing_files:
        raise typer.Exit(1)


@commands.command()
def restore(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="备份文件")]) -> None:
    """从备份恢复到空的数据库（SQLite、PostgreSQL 均可，可互相迁移）。全部成功，或什么都不写入。"""
    with opened() as database, _told("恢复") as tell:
        done = restoring.load(database, Settings().data_dir, file, tell)
    told = done.manifest
    rows = sum(held.rows for held in told.tables.values())
    made = datetime.fromisoformat(told.created_at).astimezone(calendar.SHANGHAI)
    print(f"已恢复 {made:%Y-%m-%d %H:%M:%S} 的备份：{rows} 行，{done.files} 个文件；日志完整，{told.log.seq} 条")
    print(f"日志链头：{told.log.hash}")
    print(f"已结束备份时未退出的会话 {done.sessions_ended} 个，用户须重新登录。")
    print("账号与密钥以备份时为准：此后停用、吊销的又重新有效，请核对（zhaoshang user list）。")
    if done.keys:
        print(f"有效的密钥：{'、'.join(done.keys)}")
