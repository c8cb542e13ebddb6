"""The words of claims: where a claim stands and what may be done with it."""

from enum import StrEnum


class ClaimState(StrEnum):
    """Where a claim stands. `approved` is being paid, `paid` is paid in full; the last three are ends."""

    FILED = "filed"
    CHECKED = "checked"
    REVIEWED = "reviewed"
    NOTICED = "noticed"
    APPROVED = "approved"
    PAID = "paid"
    FROZEN = "frozen"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    CLAWED_BACK = "clawed_back"


CLAIM_STATE_LABELS = {
    ClaimState.FILED: "已申报",
    ClaimState.CHECKED: "单位已审核",
    ClaimState.REVIEWED: "已联审",
    ClaimState.NOTICED: "公示中",
    ClaimState.APPROVED: "已批准",
    ClaimState.PAID: "已付清",
    ClaimState.FROZEN: "已冻结",
    ClaimState.REFUSED: "不予奖励",
    ClaimState.WITHDRAWN: "已撤回",
    ClaimState.CLAWED_BACK: "已追回",
}


class Verb(StrEnum):
    """What is done with a claim."""

    FILE = "file"
    CHECK = "check"
    REVIEW = "review"
    PUBLISH = "publish"
    OBJECT = "object"
    ANSWER = "answer"
    FREEZE = "freeze"
    RELEASE = "release"
    APPROVE = "approve"
    ACCEPT = "accept"
    PAY = "pay"
    CLAW_BACK = "claw_back"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


VERB_LABELS = {
    Verb.FILE: "申报",
    Verb.CHECK: "单位审核",
    Verb.REVIEW: "联审",
    Verb.PUBLISH: "公示",
    Verb.OBJECT: "登记异议",
    Verb.ANSWER: "答复异议",
    Verb.FREEZE: "冻结",
    Verb.RELEASE: "解除冻结",
    Verb.APPROVE: "批准",
    Verb.ACCEPT: "重新核定",
    Verb.PAY: "支付",
    Verb.CLAW_BACK: "追回",
    Verb.REFUSE: "不予奖励",
    Verb.WITHDRAW: "撤回",
}
