"""The words of tickets, and their Chinese labels."""

from enum import StrEnum


class TicketCategory(StrEnum):
    """What an enterprise's request is about."""

    FIRE = "fire"
    TRANSPORT = "transport"
    POWER = "power"
    WATER = "water"
    SOIL = "soil"
    LABOUR = "labour"
    FINANCE = "finance"
    LAND = "land"
    CONSTRUCTION = "construction"
    ENVIRONMENT = "environment"
    TAX = "tax"
    POLICY = "policy"
    OTHER = "other"


TICKET_CATEGORY_LABELS = {
    TicketCategory.FIRE: "消防",
    TicketCategory.TRANSPORT: "运输",
    TicketCategory.POWER: "用电",
    TicketCategory.WATER: "用水用气",
    TicketCategory.SOIL: "水土保持",
    TicketCategory.LABOUR: "用工",
    TicketCategory.FINANCE: "融资",
    TicketCategory.LAND: "用地",
    TicketCategory.CONSTRUCTION: "工程建设",
    TicketCategory.ENVIRONMENT: "环保",
    TicketCategory.TAX: "税务",
    TicketCategory.POLICY: "政策",
    TicketCategory.OTHER: "其他",
}


class TicketChannel(StrEnum):
    """By which way it came."""

    PHONE = "phone"
    VISIT = "visit"
    WINDOW = "window"
    ONLINE = "online"
    MEETING = "meeting"
    LETTER = "letter"
    OTHER = "other"


TICKET_CHANNEL_LABELS = {
    TicketChannel.PHONE: "电话",
    TicketChannel.VISIT: "走访",
    TicketChannel.WINDOW: "窗口来访",
    TicketChannel.ONLINE: "线上",
    TicketChannel.MEETING: "会议",
    TicketChannel.LETTER: "来函",
    TicketChannel.OTHER: "其他",
}


class TicketState(StrEnum):
    """How far it has come. Only facts move it; that it is late is told beside, by the clock."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    SOLVED = "solved"
    CLOSED = "closed"
    VOIDED = "voided"

    @property
    def is_open(self) -> bool:
        """Is it still to be solved?"""
        return self in (TicketState.RECEIVED, TicketState.ACCEPTED)

    @property
    def is_answered(self) -> bool:
        """Was it solved, and does that stand?"""
        return self in (TicketState.SOLVED, TicketState.CLOSED)


TICKET_STATE_LABELS = {
    TicketState.RECEIVED: "待受理",
    TicketState.ACCEPTED: "办理中",
    TicketState.SOLVED: "已办结",
    TicketState.CLOSED: "已关闭",
    TicketState.VOIDED: "已作废",
}


class TicketStep(StrEnum):
    """What somebody did with it."""

    RECORDED = "recorded"
    ACCEPTED = "accepted"
    TRANSFERRED = "transferred"
    SOLVED = "solved"
    CLOSED = "closed"
    REOPENED = "reopened"
    VOIDED = "voided"
    RATED = "rated"


TICKET_STEP_LABELS = {
    TicketStep.RECORDED: "登记",
    TicketStep.ACCEPTED: "受理",
    TicketStep.TRANSFERRED: "转办",
    TicketStep.SOLVED: "办结",
    TicketStep.CLOSED: "关闭",
    TicketStep.REOPENED: "重新办理",
    TicketStep.VOIDED: "作废",
    TicketStep.RATED: "企业评价",
}


class LimitUnit(StrEnum):
    """In what a time limit is counted; holidays never count."""

    HOURS = "hours"
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"


LIMIT_UNIT_LABELS = {
    LimitUnit.HOURS: "小时（工作日全天连续计时，节假日不计）",
    LimitUnit.WORKING_HOURS: "工作小时（只计上班时间）",
    LimitUnit.WORKING_DAYS: "工作日（到当日下班为止）",
}
LIMIT_UNIT_WORDS = {
    LimitUnit.HOURS: "小时",
    LimitUnit.WORKING_HOURS: "个工作小时",
    LimitUnit.WORKING_DAYS: "个工作日",
}


class TicketLevel(StrEnum):
    """What is told of a ticket that nobody has solved, by and by to more and higher people."""

    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    URGED = "urged"
    SUPERVISED = "supervised"


TICKET_LEVEL_LABELS = {
    TicketLevel.DUE_SOON: "将到期",
    TicketLevel.OVERDUE: "已逾期",
    TicketLevel.URGED: "催办",
    TicketLevel.SUPERVISED: "督办",
}
TICKET_LEVELS = list(TicketLevel)


class TicketTold(StrEnum):
    """Who hears of a level."""

    OWNER = "owner"
    UNIT = "unit"
    RECORDER = "recorder"
    BUREAU = "bureau"
    LEADER = "leader"


TICKET_TOLD_LABELS = {
    TicketTold.OWNER: "责任人",
    TicketTold.UNIT: "责任单位联络员",
    TicketTold.RECORDER: "登记人",
    TicketTold.BUREAU: "招商部门审核人",
    TicketTold.LEADER: "区领导",
}


class FilePurpose(StrEnum):
    """What a file of a ticket shows."""

    REQUEST = "request"
    RESULT = "result"


FILE_PURPOSE_LABELS = {FilePurpose.REQUEST: "诉求材料", FilePurpose.RESULT: "办理结果佐证"}


class TicketPlace(StrEnum):
    """Where a ticket stands by the clock."""

    IN_TIME = "in_time"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    SOLVED_IN_TIME = "solved_in_time"
    SOLVED_LATE = "solved_late"


TICKET_PLACE_LABELS = {
    TicketPlace.IN_TIME: "时限内",
    TicketPlace.DUE_SOON: "将到期",
    TicketPlace.OVERDUE: "已逾期",
    TicketPlace.SOLVED_IN_TIME: "按时办结",
    TicketPlace.SOLVED_LATE: "逾期办结",
}
