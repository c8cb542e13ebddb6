"""The words of task forces: states, lights, levels of escalation, and their Chinese labels."""

from enum import StrEnum


class TaskState(StrEnum):
    OPEN = "open"
    STARTED = "started"
    DONE = "done"
    CANCELLED = "cancelled"

    @property
    def is_closed(self) -> bool:
        return self in (TaskState.DONE, TaskState.CANCELLED)


TASK_STATE_LABELS = {
    TaskState.OPEN: "未启动",
    TaskState.STARTED: "推进中",
    TaskState.DONE: "已完成",
    TaskState.CANCELLED: "已取消",
}


class Light(StrEnum):
    """How a task stands; the order is that of a leader's worry."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"

    @property
    def rank(self) -> int:
        return _LIGHTS.index(self) + 1


_LIGHTS = list(Light)

LIGHT_LABELS = {Light.GREEN: "绿灯", Light.YELLOW: "黄灯", Light.RED: "红灯"}


def rank_of(light: Light | None) -> int:
    """0 for what has no light, up to 3 for red."""
    return 0 if light is None else light.rank


class Level(StrEnum):
    """How far a task has been escalated, one after the other."""

    ASSIGNED = "assigned"
    URGED = "urged"
    SUPERVISED = "supervised"


LEVELS = list(Level)

LEVEL_LABELS = {Level.ASSIGNED: "交办", Level.URGED: "催办", Level.SUPERVISED: "督办"}


class When(StrEnum):
    """What makes a level due."""

    START = "start"
    YELLOW = "yellow"
    RED = "red"


WHEN_LABELS = {When.START: "到计划启动日", When.YELLOW: "黄灯", When.RED: "红灯"}


class Told(StrEnum):
    """Who hears of a level."""

    OWNER = "owner"
    LEAD = "lead"
    LEADER = "leader"
    BUREAU = "bureau"


TOLD_LABELS = {Told.OWNER: "责任单位", Told.LEAD: "牵头单位", Told.LEADER: "牵头区领导", Told.BUREAU: "招商部门"}


class DecisionState(StrEnum):
    """Whether what was decided has been done: by its tasks, or by somebody's word."""

    OPEN = "open"
    DONE = "done"


DECISION_STATE_LABELS = {DecisionState.OPEN: "未落实", DecisionState.DONE: "已落实"}
