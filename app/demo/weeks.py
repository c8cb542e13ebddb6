"""The demo's last weeks: what the units reported, in time, late or not at all, and what the bureau said to it.

All of it is invented. Each row of `reports.csv` is a unit's week, `-1` the one before the week of loading. A step that
would lie ahead of the clock is not taken: early in a week few have filed it, and the last one may still be open.
"""

import datetime as dt
from collections.abc import Mapping
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import select

from app.demo.engagements import Row, body, is_of_week, settle
from app.demo.ledger import INVENTED, demo_rows
from app.facts.reports import jobs, opening, service, weeks
from app.facts.reports.models import ReportEngagement
from app.facts.reports.schemas import ReportIn
from app.facts.reports.weeks import Week
from app.kernel import events
from app.kernel.access import Actor, Role
from app.kernel.calendar import SHANGHAI, Period
from app.kernel.db import Database

REPORTERS_UNIT = "qjxw"
"""Its own reporter files for it; for the other units of the demo an officer does."""

_MINUTE, _HOUR, _DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


class _Filing(NamedTuple):
    unit: str
    row: Row
    report: ReportIn
    at: dt.datetime | None


def tell(database: Database, people: Mapping[Role, Actor], loaded_on: dt.date) -> None:
    """File the weeks one after the other, and let the job that closes weeks settle those that are over."""
    rows = [row for row in demo_rows("engagements") if is_of_week(row)]
    reports = [(int(number), list(of_it)) for number, of_it in groupby(demo_rows("reports"), lambda row: row["周"])]
    periods = [Period.of(loaded_on + number * 7 * _DAY, "week") for number, _ in reports]
    with database.unit_of_work() as db:
        for period in periods:
            opening.opened(db, period)
    for period, (number, of_it) in zip(periods, reports, strict=True):
        with database.reading() as connection:
            week = weeks.load(connection).of(period)
        theirs = [row for row in rows if row["开始日期"].startswith(f"W{number}.")]
        _file(database, people, week, [_filing(week, row, theirs, loaded_on, place) for place, row in enumerate(of_it)])
    officer = people[Role.OFFICER]
    with database.unit_of_work() as db:
        events.act(db, officer)
        links = select(ReportEngagement.client_key, ReportEngagement.engagement_id)
        settle(db, officer, rows, {key: made for key, made in db.execute(links) if key is not None}, loaded_on)
    jobs.keep_weeks(database)


def _filing(week: Week, row: Row, engagements: list[Row], loaded_on: dt.date, place: int) -> _Filing:
    """A unit's report, and when it hands it in; `place` keeps them from all doing so in the same minute."""
    own = [
        body(engagement, loaded_on) | {"key": engagement["编号"]}
        for engagement in engagements
        if engagement["填报单位"] == row["单位"]
    ]
    progress = [{"project": row["进展项目"], "text": f"{INVENTED}{row['进展']}"}] if row["进展"] else []
    problem = {"text": f"{INVENTED}{row['问题']}", "help": row["需要帮助"], "project": row["问题项目"] or None}
    report = ReportIn.model_validate(
        {
            "zero": row["零报告"] == "是", "engagements": own, "progress": progress,
            "problems": [problem] if row["问题"] else [],
        }
    )  # fmt: skip
    last = max((engagement["ends_on"] for engagement in own), default=week.period.start + 2 * _DAY)
    at = {
        "提前": dt.datetime.combine(last, dt.time(17, 30), SHANGHAI) + place * _MINUTE,
        "按时": week.closes - (10 + 5 * place) * _MINUTE,
        "迟报": week.closes + (2 + place % 5) * _HOUR,
    }.get(row["报送"])
    return _Filing(row["单位"], row, report, at)


def _file(database: Database, people: Mapping[Role, Actor], week: Week, filings: list[_Filing]) -> None:
    """Everybody writes and hands in, then the reviewer judges; a returned one that is corrected comes in again."""
    text, reviewer = week.period.text, people[Role.REVIEWER]
    for role in (Role.OFFICER, Role.REPORTER):
        with database.unit_of_work() as db:
            events.act(db, people[role])
            for unit, _, report, at in filings:
                if (unit == REPORTERS_UNIT) is not (role is Role.REPORTER):
                    continue
                service.put(db, people[role], text, unit, report, None)
                if at is not None and at <= week.now:
                    service.submit(db, people[role], text, unit, at=at)
    judged = [(unit, row, at + 3 * _HOUR) for unit, row, _, at in filings if at is not None and row["处理"]]
    judged = [(unit, row, at) for unit, row, at in judged if at <= week.now]
    with database.unit_of_work() as db:
        events.act(db, reviewer)
        for unit, row, at in judged:
            if row["处理"] == "接收":
                service.accept(db, reviewer, text, unit, at=at)
            else:
                service.send_back(db, reviewer, text, unit, f"{INVENTED}{row['意见']}", at=at)
    again = [(unit, at + 2 * _HOUR) for unit, row, at in judged if row["处理"] == "退回后重报"]
    for unit, at in again:
        if at <= week.now:
            with database.unit_of_work() as db:
                events.act(db, people[Role.OFFICER])
                service.submit(db, people[Role.OFFICER], text, unit, at=at)
