"""The task force of the demo: 低氘水生产 is pushed by a leader and four units, and is red for the water permit.

The project's name and that a leader led it are of the public report; members, tasks, days and minutes are invented.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo.ledger import INVENTED
from app.facts.task_forces import escalations, meetings, service, tasks
from app.facts.task_forces.meeting_schemas import DecisionDoneIn, MeetingIn
from app.facts.task_forces.models import Decision, Task
from app.facts.task_forces.schemas import TaskForceIn
from app.facts.task_forces.task_schemas import TaskIn, TaskProgressIn
from app.kernel import events
from app.kernel.access import SYSTEM, Actor, Role
from app.kernel.db import Database

WATER = "500114-2020-0049"
MARK = "（演示）"

Acting = Callable[[Actor], AbstractContextManager[Session]]


def tell(database: Database, people: Mapping[Role, Actor], loaded_on: dt.date) -> None:
    """Form it, give it tasks and a meeting, and let the days go by."""

    @contextmanager
    def acting(actor: Actor) -> Iterator[Session]:
        with database.unit_of_work() as db:
            events.act(db, actor)
            yield db

    def day(ago: int) -> dt.date:
        return loaded_on - dt.timedelta(days=ago)

    officer = people[Role.OFFICER]
    with acting(officer) as db:
        number = service.form(db, officer, WATER, _formed(day(210), loaded_on + dt.timedelta(days=150))).id
    with acting(officer) as db:
        permit = _task(db, officer, number, "完成水资源论证与取水许可", "qsthj", day(200), day(100))
        site = _task(db, officer, number, "选定厂址并出具规划条件", "qgzj", day(40), day(-60))
    with acting(SYSTEM) as db:
        escalations.escalate(db, number, day(199))
    _progress(acting, officer, permit, day(150), 20, "论证报告已委托编制")
    with acting(SYSTEM) as db:
        escalations.escalate(db, number, day(120))
    _progress(acting, officer, permit, day(60), 40, "论证报告初稿已交评审，取水口位置尚未定")
    with acting(officer) as db:
        decided = _meeting(db, officer, number, day(14))
    with acting(officer) as db:
        said = DecisionDoneIn(on=day(9), note=f"{INVENTED}已将水质检测报告转交企业")
        meetings.done(db, officer, decided["report"], said)
    _progress(acting, officer, decided["company"], day(2), 30, "名称已核准，章程待股东签署")
    _progress(acting, officer, site, day(3), 20, "两处备选地块已现场踏勘")
    with acting(SYSTEM) as db:
        escalations.escalate(db, number, day(1))


def _formed(on: dt.date, target: dt.date) -> TaskForceIn:
    members = [
        ("qjxw", "田文博", "冉小平", "统筹协调，牵头与企业对接"),
        ("qsthj", "谢江", "龚雪", "水资源论证与环境影响评价"),
        ("qgzj", "庞敏", "石磊", "选址、规划条件与用地"),
        ("zygwh", "向东", "秦岚", "公司注册、厂房与配套"),
    ]
    return TaskForceIn.model_validate(
        {
            "leader_office": "区委常委", "leader": "leader", "lead_unit": "qjxw", "formed_on": on, "target_on": target,
            "goal": f"{INVENTED}半年内签订正式合同并开工",
            "members": [
                {"unit": unit, "contact": contact, "deputy": deputy, "duties": f"{INVENTED}{duties}"}
                for unit, contact, deputy, duties in members
            ],
        }
    )  # fmt: skip


def _task(db: Session, officer: Actor, number: int, title: str, unit: str, start: dt.date, due: dt.date) -> int:
    body = {"title": f"{title}{MARK}", "unit": unit, "planned_start": start, "due_on": due}
    return tasks.add(db, officer, number, TaskIn.model_validate(body))[1].id


def _meeting(db: Session, officer: Actor, number: int, on: dt.date) -> dict[str, int]:
    """The meeting; the number of the decision that was said to be done, and of the task that the other one set."""
    company = {
        "title": f"完成项目公司注册{MARK}", "unit": "zygwh", "planned_start": on + dt.timedelta(days=4),
        "due_on": on + dt.timedelta(days=90),
    }  # fmt: skip
    body = {
        "held_on": on, "starts_at": "09:30", "place": "区政府会议室", "chair": "区委常委",
        "attendees": f"{INVENTED}各成员单位联络员、企业代表",
        "minutes": f"{INVENTED}会议听取各成员单位进展，指出取水许可滞后，要求一周一报。",
        "decisions": [
            {"text": f"{INVENTED}由正阳工业园区管委会协助企业三个月内完成项目公司注册", "tasks": [company]},
            {"text": f"{INVENTED}由区生态环境局将小南海水质检测报告转交企业"},
            {"text": f"{INVENTED}由区经济信息委会同企业确定取水口位置"},
        ],
    }  # fmt: skip
    meeting = meetings.hold(db, officer, number, MeetingIn.model_validate(body))[1]
    decided = select(Decision.id).where(Decision.meeting_id == meeting.id).order_by(Decision.id)
    first, second, _ = db.scalars(decided)
    return {"report": second, "company": db.scalars(select(Task.id).where(Task.decision_id == first)).one()}


def _progress(acting: Acting, officer: Actor, task: int, on: dt.date, percent: int, note: str) -> None:
    with acting(officer) as db:
        tasks.report(db, officer, task, TaskProgressIn(on=on, percent=percent, note=f"{INVENTED}{note}"))
