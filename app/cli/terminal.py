"""What every command needs: the database, what is said on standard error, a bar for long work."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy.exc import OperationalError, ProgrammingError

from app import domains
from app.config import Settings
from app.kernel import events
from app.kernel.db import Database
from app.kernel.errors import Problem
from app.kernel.telemetry import set_up_logs

console = Console(stderr=True)


def say(sentence: str) -> None:
    """A refusal, in one line however narrow the terminal."""
    console.print(sentence, style="red", markup=False, highlight=False, soft_wrap=True)


def show(table: Table) -> None:
    """A table on standard output, not squeezed where that is a file."""
    Console(width=None if sys.stdout.isatty() else 200).print(table)


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
        say(problem.said)
        for error in problem.errors:
            say(f"  {error.field}：{error.message}")
        raise typer.Exit(1) from None
    except (OperationalError, ProgrammingError) as failure:
        say(f"数据库不可用，或尚未升级（zhaoshang migrate）：{str(failure.orig).strip()}")
        raise typer.Exit(1) from None
    except (sqlite3.OperationalError, psycopg.Error) as failure:  # asked past SQLAlchemy
        say(f"数据库不可用，或尚未升级（zhaoshang migrate）：{str(failure).strip()}")
        raise typer.Exit(1) from None
    except OSError as failure:
        say(f"无法读写 {failure.filename or ''}：{failure.strerror or failure}")
        raise typer.Exit(1) from None
    finally:
        database.close()


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Progress]:
    """A bar on standard error for work that takes a while."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        bar.add_task(label, total=total)
        yield bar
