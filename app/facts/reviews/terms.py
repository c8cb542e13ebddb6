"""The words of reviews: kinds, states, opinions, and their Chinese labels."""

from enum import StrEnum


class ReviewKind(StrEnum):
    DUE_DILIGENCE = "due_diligence"
    LEGAL = "legal"
    FAIR_COMPETITION = "fair_competition"
    COLLECTIVE_DECISION = "collective_decision"


REVIEW_KIND_LABELS = {
    ReviewKind.DUE_DILIGENCE: "尽职调查",
    ReviewKind.LEGAL: "合法性审查",
    ReviewKind.FAIR_COMPETITION: "公平竞争审查",
    ReviewKind.COLLECTIVE_DECISION: "集体决策",
}


class ReviewState(StrEnum):
    REQUESTED = "requested"
    CONCLUDED = "concluded"
    WITHDRAWN = "withdrawn"


REVIEW_STATE_LABELS = {
    ReviewState.REQUESTED: "审查中",
    ReviewState.CONCLUDED: "已有结论",
    ReviewState.WITHDRAWN: "已撤回",
}


class Opinion(StrEnum):
    PASSED = "passed"
    CONDITIONAL = "conditional"
    NOT_PASSED = "not_passed"


OPINION_LABELS = {
    Opinion.PASSED: "通过",
    Opinion.CONDITIONAL: "有条件通过",
    Opinion.NOT_PASSED: "未通过",
}
