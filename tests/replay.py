"""The log tells everything: what it replays to is what the tables hold."""

from typing import Any

from sqlalchemy import Connection, inspect, select

from app.kernel import chain, events
from app.kernel.chain import CHANGED
from app.kernel.db import Base
from app.kernel.events import Logged


def assert_log_equals_tables(connection: Connection) -> None:
    """Compare every row of every logged table, personal and unlogged columns aside, and walk the chain."""
    assert chain.verify(connection).intact
    told = chain.replay(connection)
    for mapper in Base.registry.mappers:
        model: Any = mapper.class_
        if not issubclass(model, Logged):
            continue
        hidden = model.__unlogged__ | model.__personal__
        keys = [column.key for column in inspect(model).primary_key]
        there = {}
        for row in connection.execute(select(model.__table__)):
            key = tuple(row._mapping[name] for name in keys)
            fields = {n: events.plain(v) for n, v in row._mapping.items() if n not in hidden}
            there[key if len(key) > 1 else key[0]] = fields
        said = {
            key: {name: value for name, value in fields.items() if value != CHANGED}
            for key, fields in told.get(model.__tablename__, {}).items()
        }
        assert said == there, model.__tablename__
