"""`zhaoshang …`: what an administrator does at the machine. One module for each noun."""

import sys

import typer
from pydantic import ValidationError

from app.cli import backups, ledgers, log, municipal, server, settings, users, vault
from app.cli.terminal import say
from app.exchange.municipal.channels import BadChannels

cli = typer.Typer(help="慧招商：区县招商投资促进局的开放后端。", no_args_is_help=True, add_completion=False)
for part in (server, ledgers, backups, settings):
    cli.add_typer(part.commands)
cli.add_typer(municipal.sandbox)
cli.add_typer(municipal.commands, name="municipal")
cli.add_typer(users.commands, name="user")
cli.add_typer(log.commands, name="log")
cli.add_typer(vault.commands, name="vault")


def main() -> None:
    try:
        cli()
    except ValidationError as wrong:
        if wrong.title != "Settings":
            raise
        for error in wrong.errors():
            say(f"配置 {'.'.join(map(str, error['loc'])).upper()} 有误：{error['msg']}")
        sys.exit(2)
    except BadChannels as wrong:
        say(str(wrong))
        sys.exit(2)
