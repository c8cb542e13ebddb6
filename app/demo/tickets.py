"""Tickets of the demo: what the five enterprises that the public report names asked for in 2020, and two of today.

Names and the kinds of requests (消防, 运输, 用电, 水土保持) are of the report; which enterprise asked for what, when,
by whom it was solved and how it was rated is invented and says so. No figure of the report moves.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.demo.ledger import INVENTED
from app.facts.enterprises import service as enterprises
from app.facts.enterprises.schemas import EnterpriseIn
from app.facts.tickets import ratings, service
from app.facts.tickets.schemas import TicketAcceptIn, TicketIn, TicketRatingIn, TicketSolveIn, TicketTransferIn
from app.kernel import calendar, events
from app.kernel.access import Actor, Role
from app.kernel.db import Database


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of 2020: when it came and was solved in Shanghai, by which unit, and how it was rated."""

    enterprise: str
    category: str
    text: str
    channel: str
    unit: str
    received: str
    solved: str
    result: str
    score: int | None = None
    given_to: str | None = None  # another unit, on the way


TOLD = (
    Asked(
        "壹唐地产", "fire", "商业楼消防验收资料应如何补正，请派人指导", "phone", "qzjw", "2020-04-14 09:40",
        "2020-04-16 16:20", "已现场核对，补正清单交企业，验收已受理", 5,
    ),
    Asked(
        "衡生药用胶囊", "power", "生产线扩产，厂区专变须增容", "visit", "zygwh", "2020-05-18 10:30", "2020-05-26 11:00",
        "供电部门已完成现场勘查，增容方案已答复企业", 4,
    ),
    Asked(
        "谊隆久益实业", "transport", "原料车辆限行时段无法进厂，请协调通行", "meeting", "qjxw", "2020-07-06 15:00",
        "2020-07-08 17:30", "已发放临时通行证，明确进厂路线", None, "qjtj",
    ),
    Asked(
        "武陵山商贸城", "fire", "消防通道与喷淋改造方案请提前介入", "window", "qsww", "2020-09-30 09:15",
        "2020-10-10 10:00", "改造方案已会审，意见书面反馈企业", 5,
    ),
    Asked(
        "黔龙公园", "soil", "水土保持方案审批所需材料与时限", "online", "qgzj", "2020-11-02 14:10", "2020-11-05 09:50",
        "已一次性告知材料清单，方案报送后承诺五日内批复",
    ),
)  # fmt: skip
AGAIN = "谊隆久益实业"
"""Whose request of 2020 is taken up anew today."""


def tell(database: Database, people: Mapping[Role, Actor], loaded_on: dt.date) -> None:
    """Record them, let them be solved and rated, take one up anew, and leave another waiting beyond its limit."""
    officer = people[Role.OFFICER]

    @contextmanager
    def acting() -> Iterator[Session]:
        with database.unit_of_work() as db:
            events.act(db, officer)
            yield db

    numbers: dict[str, int] = {}
    firms: dict[str, int] = {}
    for asked in TOLD:
        with acting() as db:
            firms[asked.enterprise] = enterprises.create(db, _firm(asked.enterprise)).id
            numbers[asked.enterprise] = _solved(db, officer, asked, firms[asked.enterprise])
        if asked.score is not None:
            with acting() as db:
                _, secret = ratings.make_link(db, officer, numbers[asked.enterprise])
            with database.unit_of_work() as db:
                said = TicketRatingIn.model_validate({"score": asked.score, "remark": f"{INVENTED}企业电话回访的意见"})
                ratings.rate(db, secret, said)
    with acting() as db:
        service.reopen(db, officer, numbers[AGAIN], f"{INVENTED}临时通行证到期，企业再次反映进厂困难")
    with acting() as db:
        waiting = {
            "category": "policy", "text": f"{INVENTED}公园配套项目可享受哪些文旅扶持政策", "channel": "phone",
            "enterprise": firms["黔龙公园"], "unit": "qjxw", "contact_name": "虚构联系人",
            "contact_phone": "023-00000000", "received_at": _at(f"{loaded_on - dt.timedelta(days=7)} 09:30"),
        }  # fmt: skip
        service.record_ticket(db, officer, TicketIn.model_validate(waiting))


def _firm(name: str) -> EnterpriseIn:
    note = f"{INVENTED}名称见 2020 年公开报告，企业性质等为设定"
    return EnterpriseIn.model_validate({"name": name, "ownership": "private", "note": note})


def _solved(db: Session, officer: Actor, asked: Asked, firm: int) -> int:
    body = {
        "category": asked.category, "text": f"{INVENTED}{asked.text}", "enterprise": firm, "unit": asked.unit,
        "channel": asked.channel, "received_at": _at(asked.received),
    }  # fmt: skip
    number = service.record_ticket(db, officer, TicketIn.model_validate(body)).id
    began = _at(asked.received) + dt.timedelta(minutes=40)
    service.accept(db, officer, number, TicketAcceptIn(owner=officer.name, at=began))
    if asked.given_to is not None:
        moved = {
            "unit": asked.given_to, "owner": officer.name, "reason": f"{INVENTED}通行管理由区交通局会同公安部门办理",
            "at": began + dt.timedelta(hours=1),
        }  # fmt: skip
        service.transfer(db, officer, number, TicketTransferIn.model_validate(moved))
    service.solve(db, officer, number, TicketSolveIn(result=f"{INVENTED}{asked.result}", at=_at(asked.solved)))
    return number


def _at(text: str) -> dt.datetime:
    """A time in Shanghai, but none that has not come."""
    return min(dt.datetime.fromisoformat(text).replace(tzinfo=calendar.SHANGHAI), calendar.now())
