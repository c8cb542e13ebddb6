"""Rewards as figures count them: what was paid to lead providers, less what was taken back."""

from sqlalchemy import FromClause

from app.facts.projects.models import Project
from app.facts.rewards.claims.models import PAYMENT_COUNTS_ON, RewardPayment
from app.figures.facts import FROM_DAY, TO_DAY, Source

_PROJECT: FromClause = Project.__table__
_PAYMENT: FromClause = RewardPayment.__table__

REWARD_SOURCES = (
    Source(
        code="rewards_paid",
        label="已支付的引资奖励",
        kind="reward_payment",
        table=_PAYMENT.join(_PROJECT, Project.id == RewardPayment.project_id),
        tables=(_PAYMENT, _PROJECT),
        row_id=RewardPayment.id.expression,
        happened=RewardPayment.paid_on.expression,
        event=PAYMENT_COUNTS_ON,
        amount=RewardPayment.gross_fen.expression,
        where=(PAYMENT_COUNTS_ON >= FROM_DAY, PAYMENT_COUNTS_ON <= TO_DAY),
        sort=PAYMENT_COUNTS_ON,
    ),
)

REWARD_FIGURES = {"rewards_paid": ("引资奖励支付额", "支付日期在期内的引资人奖励（税前）之和，追回为负，按项目细分")}
"""What the indicators over these sources are called, and what they say."""
