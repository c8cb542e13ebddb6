"""Keep claims of rewards: their steps, calculations, objections, instalments, payments, and budgets."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1740"
down_revision = "2026_11_24_1730"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite")


def _key(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.String(length=length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "reward_budget",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("fund", _key(40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.String(length=300), nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("set_by", NUMBER, nullable=False),
        sa.Column("set_by_name", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward_budget")),
        sa.UniqueConstraint("fund", "year", name=op.f("uq_reward_budget_fund_year")),
    )
    op.create_table(
        "claim",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("lead_id", NUMBER, nullable=False),
        sa.Column("project_id", NUMBER, nullable=False),
        sa.Column("unit_id", NUMBER, nullable=True),
        sa.Column("policy", _key(40), nullable=False),
        sa.Column("choice", _key(40), nullable=True),
        sa.Column("met_on", sa.Date(), nullable=True),
        sa.Column("fund", _key(40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("state", _key(12), nullable=False),
        sa.Column("frozen_from", _key(12), nullable=True),
        sa.Column("held_reason", sa.String(length=500), nullable=True),
        sa.Column("notice_from", sa.Date(), nullable=True),
        sa.Column("notice_to", sa.Date(), nullable=True),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("now_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_claim_lead_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_claim_project_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_claim_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
    )
    op.create_index("ix_claim_budget", "claim", ["fund", "year", "state"], unique=False)
    op.create_index(op.f("ix_claim_lead_id"), "claim", ["lead_id"], unique=False)
    op.create_index(op.f("ix_claim_notice_to"), "claim", ["notice_to"], unique=False)
    op.create_index("ix_claim_policy", "claim", ["policy", "state"], unique=False)
    op.create_index(op.f("ix_claim_project_id"), "claim", ["project_id"], unique=False)
    op.create_index(op.f("ix_claim_unit_id"), "claim", ["unit_id"], unique=False)
    op.create_table(
        "claim_calculation",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("claim_id", NUMBER, nullable=False),
        sa.Column("verb", _key(12), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("rule", _key(40), nullable=False),
        sa.Column("tax_rule", _key(40), nullable=False),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("taxable_fen", sa.BigInteger(), nullable=False),
        sa.Column("withheld_fen", sa.BigInteger(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", NUMBER, nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_calculation_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_calculation")),
    )
    op.create_index(op.f("ix_claim_calculation_claim_id"), "claim_calculation", ["claim_id"], unique=False)
    op.create_table(
        "claim_instalment",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("claim_id", NUMBER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("condition", sa.JSON(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_instalment_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_instalment")),
        sa.UniqueConstraint("claim_id", "number", name=op.f("uq_claim_instalment_claim_id_number")),
    )
    op.create_table(
        "claim_objection",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("claim_id", NUMBER, nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("raised_by", sa.String(length=200), nullable=True),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("paper_id", NUMBER, nullable=False),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.Column("entered_by", NUMBER, nullable=False),
        sa.Column("entered_by_name", sa.String(length=60), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=True),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.Column("answered_by", NUMBER, nullable=True),
        sa.Column("answered_by_name", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_objection_claim_id")),
        sa.ForeignKeyConstraint(["paper_id"], ["reward_paper.id"], name=op.f("fk_claim_objection_paper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_objection")),
    )
    op.create_index(op.f("ix_claim_objection_claim_id"), "claim_objection", ["claim_id"], unique=False)
    op.create_table(
        "claim_share",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("claim_id", NUMBER, nullable=False),
        sa.Column("provider_id", NUMBER, nullable=False),
        sa.Column("percent", _key(12), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_share_claim_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["lead_provider.id"], name=op.f("fk_claim_share_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_share")),
        sa.UniqueConstraint("claim_id", "provider_id", name=op.f("uq_claim_share_claim_id_provider_id")),
    )
    op.create_index(op.f("ix_claim_share_provider_id"), "claim_share", ["provider_id"], unique=False)
    op.create_table(
        "claim_step",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("claim_id", NUMBER, nullable=False),
        sa.Column("verb", _key(12), nullable=False),
        sa.Column("from_state", _key(12), nullable=True),
        sa.Column("to_state", _key(12), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", NUMBER, nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.Column("paper_id", NUMBER, nullable=True),
        sa.Column("remarks", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_step_claim_id")),
        sa.ForeignKeyConstraint(["paper_id"], ["reward_paper.id"], name=op.f("fk_claim_step_paper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_step")),
    )
    op.create_index(op.f("ix_claim_step_claim_id"), "claim_step", ["claim_id"], unique=False)
    op.create_table(
        "reward_payment",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("claim_id", NUMBER, nullable=False),
        sa.Column("project_id", NUMBER, nullable=False),
        sa.Column("instalment_id", NUMBER, nullable=True),
        sa.Column("provider_id", NUMBER, nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("taxable_fen", sa.BigInteger(), nullable=False),
        sa.Column("withheld_fen", sa.BigInteger(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.String(length=60), nullable=False),
        sa.Column("paper_id", NUMBER, nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", NUMBER, nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_reward_payment_claim_id")),
        sa.ForeignKeyConstraint(
            ["instalment_id"], ["claim_instalment.id"], name=op.f("fk_reward_payment_instalment_id")
        ),
        sa.ForeignKeyConstraint(["paper_id"], ["reward_paper.id"], name=op.f("fk_reward_payment_paper_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_reward_payment_project_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["lead_provider.id"], name=op.f("fk_reward_payment_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward_payment")),
        sa.UniqueConstraint("instalment_id", "provider_id", name=op.f("uq_reward_payment_instalment_id_provider_id")),
    )
    op.create_index(op.f("ix_reward_payment_claim_id"), "reward_payment", ["claim_id"], unique=False)
    op.create_index("ix_reward_payment_day", "reward_payment", ["paid_on", "id"], unique=False)
    op.create_index(op.f("ix_reward_payment_project_id"), "reward_payment", ["project_id"], unique=False)
    op.create_index(op.f("ix_reward_payment_provider_id"), "reward_payment", ["provider_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_reward_payment_provider_id"), table_name="reward_payment")
    op.drop_index(op.f("ix_reward_payment_project_id"), table_name="reward_payment")
    op.drop_index("ix_reward_payment_day", table_name="reward_payment")
    op.drop_index(op.f("ix_reward_payment_claim_id"), table_name="reward_payment")
    op.drop_table("reward_payment")
    op.drop_index(op.f("ix_claim_step_claim_id"), table_name="claim_step")
    op.drop_table("claim_step")
    op.drop_index(op.f("ix_claim_share_provider_id"), table_name="claim_share")
    op.drop_table("claim_share")
    op.drop_index(op.f("ix_claim_objection_claim_id"), table_name="claim_objection")
    op.drop_table("claim_objection")
    op.drop_table("claim_instalment")
    op.drop_index(op.f("ix_claim_calculation_claim_id"), table_name="claim_calculation")
    op.drop_table("claim_calculation")
    op.drop_index(op.f("ix_claim_unit_id"), table_name="claim")
    op.drop_index(op.f("ix_claim_project_id"), table_name="claim")
    op.drop_index("ix_claim_policy", table_name="claim")
    op.drop_index(op.f("ix_claim_notice_to"), table_name="claim")
    op.drop_index(op.f("ix_claim_lead_id"), table_name="claim")
    op.drop_index("ix_claim_budget", table_name="claim")
    op.drop_table("claim")
    op.drop_table("reward_budget")
