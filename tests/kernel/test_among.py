"""One of many numbers, as one bound text."""

from fastapi import FastAPI
from sqlalchemy import select

from app.identity.units.models import Unit
from app.kernel.among import among, numbers
from app.kernel.statements import Statement
from tests.clients import Work
from tests.factories.identity import make_unit

_units = Statement(select(Unit.id).where(among(Unit.id, "numbers")).order_by(Unit.id))


def test_the_rows_of_these_numbers_are_found_by_them(app: FastAPI, db: Work) -> None:
    with db() as session:
        first, _, third = (make_unit(session, code).id for code in ("jxw", "sww", "nyw"))
    with app.state.database.reading() as connection:
        for asked, found in (([], []), ([third, first, 2**40], [first, third])):
            assert [number for (number,) in _units.rows(connection, {"numbers": numbers(asked)})] == found
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + _units._in(connection).sql, ("[1]",)).all()
            assert any(str(step.detail).startswith("SEARCH unit") for step in plan), plan
