"""The schema's version: what the code wants, what the database has, and the way from one to the other."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

import app

ROOT = Path(app.__file__).resolve().parent.parent


def configuration(url: str) -> Config:
    """The project's Alembic configuration, aimed at one database."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = url
    return config


def upgrade(url: str) -> None:
    """Bring the database to the newest schema; any number of processes may ask at once."""
    command.upgrade(configuration(url), "head")


def wanted() -> str | None:
    """The newest migration of this code."""
    return ScriptDirectory.from_config(Config(ROOT / "alembic.ini")).get_current_head()


def present(connection: Connection) -> str | None:
    """The newest migration that this database has had."""
    return MigrationContext.configure(connection).get_current_revision()
