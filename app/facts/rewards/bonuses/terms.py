"""The states of bonus points."""

from enum import StrEnum


class BonusState(StrEnum):
    """Only `approved` points count."""

    DECLARED = "declared"
    APPROVED = "approved"
    REFUSED = "refused"
    REVOKED = "revoked"


BONUS_STATE_LABELS = {
    BonusState.DECLARED: "待审定",
    BonusState.APPROVED: "已审定",
    BonusState.REFUSED: "不予加分",
    BonusState.REVOKED: "已取消",
}
