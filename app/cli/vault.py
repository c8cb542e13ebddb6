"""Keys of personal data: a new one, and everything sealed anew by the one in use."""

from collections import Counter

import typer
from rich.table import Table

from app.cli.terminal import opened, progress, say, show
from app.config import Settings
from app.kernel import events, vault
from app.kernel.access import SYSTEM
from app.kernel.db import Base

commands = typer.Typer(help="个人信息的加密密钥。", no_args_is_help=True)

AT_ONCE = 500


@commands.command("key")
def key() -> None:
    """生成一个新密钥，写到标准输出；不保存在任何地方。"""
    print(vault.new_key())


@commands.command("rotate")
def rotate() -> None:
    """用现行密钥（VAULT_KEY）与算法重新加密全部个人信息；旧密钥须在 VAULT_KEYS_OLD 中。可在服务运行时执行，可重复执行。

    有任何一项无法解密时以 1 退出：此时不要去掉旧密钥。
    """
    found = _renew()
    table = Table("字段", "已重新加密", "本已现行", "无法解密", box=None)
    for column, counted in found.items():
        table.add_row(column, *(str(counted[name]) for name in ("renewed", "current", "unreadable")))
    show(table)
    if any(counted["unreadable"] for counted in found.values()):
        say("有的个人信息无法解密：其密钥不在 VAULT_KEYS_OLD 中，或数据已被改动。请勿去掉旧密钥。")
        raise typer.Exit(1)


def _renew() -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    with opened() as database:
        keys = Settings().open_vault()
        if not keys.open_for_use:
            raise vault.VaultClosed
        columns = list(vault.sealed_columns(Base.metadata))
        with database.unit_of_work() as db:
            rows = [vault.numbers(db, table, column) for table, column, _ in columns]
        with progress("重新加密", sum(map(len, rows))) as bar:
            for (table, column, marks), numbers in zip(columns, rows, strict=True):
                counted = found[f"{table.name}.{column}"] = Counter()
                for start in range(0, len(numbers), AT_ONCE):
                    with database.unit_of_work() as db:
                        events.act(db, SYSTEM)
                        did = vault.renew(db, keys, table, column, marks, numbers[start : start + AT_ONCE])
                    counted.update(renewed=did.renewed, current=did.current, unreadable=did.unreadable)
                    bar.advance(bar.task_ids[0], len(numbers[start : start + AT_ONCE]))
    return found
