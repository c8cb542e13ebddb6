"""The demo's engagements: what their rows say, and those of 2020 brought in, so that the figures reproduce the report.

All of them are invented; of the enterprises only those are real names that the report names, and each row says so.
Days are ISO dates or `W-1.3`: of the week before the one of loading the Wednesday.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.demo.ledger import INVENTED, demo_rows
from app.facts.engagements import follow_ups, joining, service
from app.facts.engagements.follow_up_schemas import DoneIn, FollowUpIn
from app.facts.engagements.schemas import EngagementIn, JoinIn
from app.facts.engagements.terms import ENGAGEMENT_KIND_LABELS, HALF_LABELS, PRESS_LEVEL_LABELS
from app.facts.enterprises import service as enterprises
from app.facts.enterprises.models import LISTING_LABELS, OWNERSHIP_LABELS
from app.facts.enterprises.schemas import EnterpriseIn
from app.kernel import calendar, events
from app.kernel.access import Actor
from app.kernel.db import Database
from app.kernel.regions import find_region

Row = dict[str, str]
Engagements = dict[str, int]
"""The number that each row of the demo was given."""

_OF_WEEK = re.compile(r"W([+-]?[0-9]+)\.([1-7])")
_WORDS: dict[str, str] = {
    label: word.value
    for labels in (ENGAGEMENT_KIND_LABELS, HALF_LABELS, PRESS_LEVEL_LABELS, OWNERSHIP_LABELS, LISTING_LABELS)
    for word, label in labels.items()
}


def tell_of_2020(database: Database, officer: Actor) -> None:
    """Enter the enterprises of note, and the engagements of 2020 with what came of them."""
    with database.unit_of_work() as db:
        events.act(db, officer)
        for row in demo_rows("enterprises"):
            enterprises.create(db, _enterprise(row))
    with database.unit_of_work() as db:
        events.act(db, officer)
        rows = [row for row in demo_rows("engagements") if not is_of_week(row)]
        made = {row["编号"]: service.report(db, officer, EngagementIn.model_validate(body(row))).id for row in rows}
        settle(db, officer, rows, made)


def is_of_week(row: Row) -> bool:
    """Is it one of the last weeks, which reports bring in?"""
    return _OF_WEEK.fullmatch(row["开始日期"]) is not None


def day(text: str, loaded_on: dt.date | None = None) -> dt.date:
    """The day that a text means, counted from the week of `loaded_on` where it is one of a week."""
    found = _OF_WEEK.fullmatch(text)
    if found is None:
        return dt.date.fromisoformat(text)
    assert loaded_on is not None
    monday = loaded_on - dt.timedelta(days=loaded_on.weekday())
    return monday + dt.timedelta(weeks=int(found[1]), days=int(found[2]) - 1)


def body(row: Row, loaded_on: dt.date | None = None) -> dict[str, Any]:
    """A row as one would send it."""
    return {
        "kind": _WORDS[row["种类"]],
        "title": row["主题"],
        "starts_on": day(row["开始日期"], loaded_on),
        "starts_half": _WORDS[row["起"]],
        "ends_on": day(row["结束日期"], loaded_on),
        "ends_half": _WORDS[row["止"]],
        "unit": row["填报单位"],
        "units": _many(row["共同单位"]),
        "people": [{"office": office} for office in _many(row["我方人员"])],
        "region": find_region(row["地区"]) if row["地区"] else None,
        "place": row["地点"] or None,
        "enterprises": [{"name": name} for name in _many(row["企业"])],
        "projects": _many(row["项目"]),
        "visitors": row["人数"] or None,
        "outlet": row["媒体"] or None,
        "level": _WORDS[row["级别"]] if row["级别"] else None,
        "platform": row["平台"] or None,
        "participants": row["对方人员"] or None,
        "said": f"{INVENTED}{row['洽谈内容']}",
        "outcome": row["成效"] or None,
    }


def settle(
    db: Session, officer: Actor, rows: Sequence[Row], made: Mapping[str, int], loaded_on: dt.date | None = None
) -> None:
    """Join what is one trip told by several units, and say what was to come of trips and what did."""
    for row in rows:
        if row["并入"]:
            same = JoinIn(other=made[row["编号"]], reason=f"{INVENTED}同一行程，几个单位分别填报")
            joining.join(db, officer, made[row["并入"]], same)
    for row in demo_rows("follow_ups"):
        if row["活动"] not in made:
            continue
        asked = FollowUpIn(what=row["落实事项"], unit=row["责任单位"], due_on=day(row["时限"], loaded_on))
        number = follow_ups.add(db, officer, made[row["活动"]], asked)[1].id
        said = f"{INVENTED}{row['说明']}"
        if not row["办结日期"]:
            continue
        closed_on = day(row["办结日期"], loaded_on)
        if row["状态"] == "已落实":
            follow_ups.done(db, officer, number, DoneIn(on=closed_on, result=said))
        else:
            at = calendar.midnight_of(closed_on) + dt.timedelta(hours=17)
            follow_ups.drop(db, officer, number, said, at=min(at, calendar.now()))


def _enterprise(row: Row) -> EnterpriseIn:
    listing = {"code": _WORDS.get(row["榜单"]), "year": row["榜单年度"], "rank": row["名次"] or None}
    return EnterpriseIn.model_validate(
        {
            "name": row["企业名称"], "ownership": _WORDS[row["企业性质"]], "region": find_region(row["来源地"]),
            "listings": [listing] if row["榜单"] else [], "note": f"{INVENTED}{row['数据说明']}",
        }
    )  # fmt: skip


def _many(text: str) -> list[str]:
    return text.split("、") if text else []
