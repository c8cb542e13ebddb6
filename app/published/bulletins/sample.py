"""A bulletin of a district that does not exist, with one of everything: what a new template is tried with."""

from typing import Any

from app.facts.engagements.terms import FollowUpStanding
from app.figures.indicators import INDICATORS_BY_CODE
from app.published.bulletins.dynamics import BY_UNIT, HEADLINE
from app.published.bulletins.schemas import (
    BulletinContent,
    Compared,
    EarlierTrip,
    FollowUpCount,
    FollowUpLine,
    LeaderTrips,
    Line,
    ReportWeekLine,
    Touched,
    Trip,
    UnitLine,
)
from app.published.named import Named, NamedList, UnitName

_UNIT = UnitName(unit="jxw", name="区经济信息委")


def sample() -> BulletinContent:
    """Always the same."""
    project = Named(
        project="500114-2020-0046", name="防眩光玻璃", on="2020-08-18", amount="120000000.00", unit=_UNIT.name
    )
    values = {code: _value(code) for code in BY_UNIT}
    return BulletinContent(
        period="2020-08",
        label="2020年8月",
        year_to_date="2020-01-01..2020-08-31",
        leaders=LeaderTrips(
            as_of="2020-08-31",
            items=[
                Trip(
                    **_head(), units=[_UNIT], enterprises=["样例玻璃有限公司"],
                    projects=[Touched(project=project.project, name=project.name)], withheld=1,
                    follow_ups=[_line(1, FollowUpStanding.DONE), _line(2, FollowUpStanding.OVERDUE)],
                )
            ],
            follow_ups=FollowUpCount(agreed=2, done=1, open=0, overdue=1, dropped=0),
            earlier=[EarlierTrip(**_head(), follow_ups=[_line(3, FollowUpStanding.OPEN)])],
            earlier_follow_ups=FollowUpCount(agreed=1, done=0, open=1, overdue=0, dropped=0),
        ),
        headline=[_indicator(code) for code in HEADLINE],
        units=[UnitLine(unit=_UNIT.unit, name=_UNIT.name, tier="key", month=values, year=values)],
        other_units=UnitLine(unit="other", name="其他", tier="", month=values, year=values),
        weeks=[
            ReportWeekLine(
                week="2020-W34", label="2020年第34周", starts_on="2020-08-17", ends_on="2020-08-23", settled=True,
                late=[_UNIT], missing=[],
            )
        ],
        signed=NamedList(items=[project], withheld=1),
        started=NamedList(items=[project], withheld=0),
    )  # fmt: skip


def _head() -> dict[str, Any]:
    return {
        "id": 1, "title": "拜访玻璃企业", "starts_on": "2020-08-18", "ends_on": "2020-08-20", "days": "2.5",
        "region": "上海市", "place": "浦东新区", "leaders": ["区委书记"],
    }  # fmt: skip


def _line(number: int, state: FollowUpStanding) -> FollowUpLine:
    done = state is FollowUpStanding.DONE
    return FollowUpLine(
        id=number, what="报送用地方案", unit=_UNIT.unit, unit_name=_UNIT.name, due_on="2020-08-28", state=state,
        days_overdue=3 if state is FollowUpStanding.OVERDUE else 0, done_on="2020-08-27" if done else None,
        result="已报送" if done else None, dropped_reason=None,
    )  # fmt: skip


def _indicator(code: str) -> Line:
    indicator = INDICATORS_BY_CODE[code]
    compared = Compared(
        value=_value(code), text="1", last_value=_value(code), change="25.0%", restated=False, last_restated=False
    )
    label = indicator.wording.format(large="1亿元", of="")
    return Line(indicator=code, label=label, unit=indicator.unit, version="indicators/0", month=compared, year=compared)


def _value(code: str) -> int | str:
    return {"元": "120000000.00", "天": "2.5", "比率": "0.5000000000"}.get(INDICATORS_BY_CODE[code].unit, 1)
