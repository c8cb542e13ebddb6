"""The event log."""

import typer

from app.cli.terminal import opened, progress
from app.kernel import chain

commands = typer.Typer(help="事件日志。", no_args_is_help=True)


@commands.command("verify")
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
