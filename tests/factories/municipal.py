"""What a city should hold, for tests."""

import json
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.exchange.municipal.models import Channel, Record
from app.exchange.municipal.rules import REPORTED
from app.kernel import calendar
from app.kernel.db import Database
from app.kernel.rules import RuleVersion

DISTRICT = "500114"
Held = dict[tuple[str, str], Any]


def wanted(database: Database, channel: str = "city") -> Held:
    """Kind and key → payload; None for a tombstone."""
    return {place: payload for place, (_, payload) in versions(database, channel).items()}


def versions(database: Database, channel: str = "city") -> dict[tuple[str, str], tuple[int, Any]]:
    """The same with the version of each."""
    with database.reading() as connection:
        rows = connection.execute(
            select(Record.kind, Record.key, Record.op, Record.wanted_version, Record.wanted)
            .join(Channel, Channel.id == Record.channel_id)
            .where(Channel.code == channel)
        ).all()
    for row in rows:
        assert (row.op == "delete") is (row.wanted is None)
    return {(str(r.kind), r.key): (r.wanted_version, json.loads(r.wanted or "null")) for r in rows}


def make_report_rule(db: Session, **body: Any) -> RuleVersion:
    """What is reported, from now on."""
    return make_rule(db, REPORTED.code, REPORTED.body.model_validate({"default": body}).model_dump(mode="json"))


def make_rule(db: Session, code: str, body: dict[str, Any]) -> RuleVersion:
    """The one version of a rule that is in force, whatever day is asked for."""
    for older in db.scalars(select(RuleVersion).where(RuleVersion.rule == code, RuleVersion.state == "active")):
        older.state = "withdrawn"
    numbers = db.scalars(select(RuleVersion.number).where(RuleVersion.rule == code)).all()
    version = RuleVersion(
        rule=code, number=max(numbers, default=0) + 1, state="active", valid_from=date(2015, 1, 1),
        basis="测试", body=body, saved_by=0, saved_at=calendar.now(), activated_by=0, activated_at=calendar.now(),
    )  # fmt: skip
    db.add(version)
    db.flush()
    return version
