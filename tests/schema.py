"""Bringing an empty database to the newest schema, as the application does it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from app.kernel.db import Base

ROOT = Path(__file__).resolve().parent.parent


def alembic_config(url: str) -> Config:
    """The project's Alembic configuration, aimed at one database."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = url
    return config


def build(url: str) -> None:
    if any((ROOT / "migrations" / "versions").glob("*.py")):
        command.upgrade(alembic_config(url), "head")
        return
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    Base.metadata.create_all(engine)
    engine.dispose()
