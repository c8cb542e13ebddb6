"""The words of weekly reports: where a report stands, whether it came in time, and their Chinese labels."""

from enum import StrEnum


class ReportState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    RETURNED = "returned"


REPORT_STATE_LABELS = {
    ReportState.DRAFT: "草稿",
    ReportState.SUBMITTED: "已提交",
    ReportState.ACCEPTED: "已接收",
    ReportState.RETURNED: "已退回",
}


class Step(StrEnum):
    """What moves a report from one state to another."""

    SUBMIT = "submit"
    ACCEPT = "accept"
    RETURN = "return"


STEP_LABELS = {Step.SUBMIT: "提交", Step.ACCEPT: "接收", Step.RETURN: "退回"}

STEPS: dict[Step, tuple[frozenset[ReportState], ReportState]] = {
    Step.SUBMIT: (frozenset({ReportState.DRAFT, ReportState.RETURNED}), ReportState.SUBMITTED),
    Step.ACCEPT: (frozenset({ReportState.SUBMITTED}), ReportState.ACCEPTED),
    Step.RETURN: (frozenset({ReportState.SUBMITTED, ReportState.ACCEPTED}), ReportState.RETURNED),
}
"""From which states each step is taken, and where it leads. What is not here is refused."""

EDITABLE = frozenset({ReportState.DRAFT, ReportState.RETURNED})
"""States in which the unit may change what the report says."""


class Standing(StrEnum):
    """How a unit stands in a week. Never stored: it follows from the deadline, the first submission and the clock."""

    AWAITED = "awaited"
    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"
    MISSING = "missing"


STANDING_LABELS = {
    Standing.AWAITED: "待报",
    Standing.EARLY: "提前报送",
    Standing.ON_TIME: "按时报送",
    Standing.LATE: "迟报",
    Standing.MISSING: "漏报",
}


class WeekState(StrEnum):
    OPEN = "open"
    FROZEN = "frozen"
    REOPENED = "reopened"


WEEK_STATE_LABELS = {WeekState.OPEN: "填报中", WeekState.FROZEN: "已截止", WeekState.REOPENED: "重新开放"}


class DeadlineSource(StrEnum):
    """Who says when a week closes."""

    RULE = "rule"
    BUREAU = "bureau"


DEADLINE_SOURCE_LABELS = {DeadlineSource.RULE: "按规则", DeadlineSource.BUREAU: "单独设定"}
