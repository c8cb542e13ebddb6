"""Bringing an empty database to the newest schema, as the application does it."""

from sqlalchemy import create_engine

from app.kernel import schema
from app.kernel.db import Base


def build(url: str) -> None:
    if schema.wanted() is not None:
        schema.upgrade(url)
        return
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    Base.metadata.create_all(engine)
    engine.dispose()
