"""Commitments: clauses of agreements, what was delivered, stopped and paid."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_0129"
down_revision = "2026_11_25_0100"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "commitment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agreement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("party", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("persons", sa.Integer(), nullable=True),
        sa.Column("area_mu", sa.BigInteger(), nullable=True),
        sa.Column("condition", sa.String(length=8), nullable=False),
        sa.Column("condition_stage", sa.String(length=16), nullable=True),
        sa.Column("condition_clause_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("condition_measure", sa.String(length=24), nullable=True),
        sa.Column("condition_fen", sa.BigInteger(), nullable=True),
        sa.Column("condition_persons", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_after", sa.String(length=12), nullable=True),
        sa.Column("due_count", sa.Integer(), nullable=True),
        sa.Column("due_span", sa.String(length=8), nullable=True),
        sa.Column("due_clause_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("basis", sa.String(length=200), nullable=True),
        sa.Column("basis_from", sa.Date(), nullable=True),
        sa.Column("basis_to", sa.Date(), nullable=True),
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("survives_end", sa.Boolean(), nullable=False),
        sa.Column("replaces_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("voided_reason", sa.String(length=300), nullable=True),
        sa.Column(
            "entered_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False
        ),
        sa.Column("entered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entered_by_name", sa.String(length=60), nullable=False),
        sa.Column("due_by", sa.Date(), nullable=True),
        sa.Column("due_counts_on", sa.Date(), nullable=True),
        sa.Column("fulfilled_on", sa.Date(), nullable=True),
        sa.Column("fulfilled_counts_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("late_from", sa.Date(), nullable=True),
        sa.Column("late_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_commitment_agreement_id")),
        sa.ForeignKeyConstraint(
            ["condition_clause_id"], ["commitment.id"], name=op.f("fk_commitment_condition_clause_id")
        ),
        sa.ForeignKeyConstraint(["due_clause_id"], ["commitment.id"], name=op.f("fk_commitment_due_clause_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_commitment_project_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["commitment.id"], name=op.f("fk_commitment_replaces_id")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_commitment_review_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_commitment_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
    )
    op.create_index(op.f("ix_commitment_agreement_id"), "commitment", ["agreement_id"], unique=False)
    op.create_index("ix_commitment_due", "commitment", ["due_counts_on"], unique=False)
    op.create_index("ix_commitment_fulfilled", "commitment", ["fulfilled_counts_on"], unique=False)
    op.create_index("ix_commitment_late", "commitment", ["late_from", "late_until"], unique=False)
    op.create_index("ix_commitment_project", "commitment", ["project_id", "id"], unique=False)
    op.create_index(op.f("ix_commitment_replaces_id"), "commitment", ["replaces_id"], unique=False)
    op.create_index("ix_commitment_unit", "commitment", ["unit_id", "project_id"], unique=False)
    op.create_table(
        "commitment_delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("commitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("area_mu", sa.BigInteger(), nullable=True),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("evidence_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("voided_reason", sa.String(length=300), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitment.id"], name=op.f("fk_commitment_delivery_commitment_id")
        ),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_commitment_delivery_evidence_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_commitment_delivery_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_delivery")),
    )
    op.create_index(
        op.f("ix_commitment_delivery_commitment_id"), "commitment_delivery", ["commitment_id"], unique=False
    )
    op.create_index(op.f("ix_commitment_delivery_project_id"), "commitment_delivery", ["project_id"], unique=False)
    op.create_table(
        "commitment_paper",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("commitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("evidence_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["commitment_id"], ["commitment.id"], name=op.f("fk_commitment_paper_commitment_id")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_commitment_paper_evidence_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_commitment_paper_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_paper")),
    )
    op.create_index("ix_commitment_paper", "commitment_paper", ["commitment_id", "evidence_id"], unique=True)
    op.create_table(
        "commitment_payment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("commitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("takes_back_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("applied_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("applied_by_name", sa.String(length=60), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("checked_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("checked_by_name", sa.String(length=60), nullable=True),
        sa.Column("check_note", sa.String(length=500), nullable=True),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.Column("approved_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("approved_by_name", sa.String(length=60), nullable=True),
        sa.Column("approval_note", sa.String(length=500), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("deferred_to", sa.Date(), nullable=True),
        sa.Column("paid_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("paid_by_name", sa.String(length=60), nullable=True),
        sa.Column("evidence_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("ended_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ended_by_name", sa.String(length=60), nullable=True),
        sa.Column(
            "rule", sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql"), nullable=True
        ),
        sa.ForeignKeyConstraint(["commitment_id"], ["commitment.id"], name=op.f("fk_commitment_payment_commitment_id")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_commitment_payment_evidence_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_commitment_payment_project_id")),
        sa.ForeignKeyConstraint(
            ["takes_back_id"], ["commitment_payment.id"], name=op.f("fk_commitment_payment_takes_back_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_payment")),
    )
    op.create_index("ix_commitment_payment", "commitment_payment", ["commitment_id", "state"], unique=False)
    op.create_index(
        "ix_commitment_payment_counts",
        "commitment_payment",
        [sa.literal_column("coalesce(deferred_to, paid_on)")],
        unique=False,
    )
    op.create_index("ix_commitment_payment_project", "commitment_payment", ["project_id", "state"], unique=False)
    op.create_index(op.f("ix_commitment_payment_takes_back_id"), "commitment_payment", ["takes_back_id"], unique=False)
    op.create_table(
        "commitment_setting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("commitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("basis", sa.String(length=200), nullable=True),
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.Column("ended_reason", sa.String(length=300), nullable=True),
        sa.Column("ended_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ended_by_name", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["commitment_id"], ["commitment.id"], name=op.f("fk_commitment_setting_commitment_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_commitment_setting_project_id")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_commitment_setting_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_setting")),
    )
    op.create_index(op.f("ix_commitment_setting_commitment_id"), "commitment_setting", ["commitment_id"], unique=False)
    op.create_index(op.f("ix_commitment_setting_project_id"), "commitment_setting", ["project_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_commitment_setting_project_id"), table_name="commitment_setting")
    op.drop_index(op.f("ix_commitment_setting_commitment_id"), table_name="commitment_setting")
    op.drop_table("commitment_setting")
    op.drop_index(op.f("ix_commitment_payment_takes_back_id"), table_name="commitment_payment")
    op.drop_index("ix_commitment_payment_project", table_name="commitment_payment")
    op.drop_index("ix_commitment_payment_counts", table_name="commitment_payment")
    op.drop_index("ix_commitment_payment", table_name="commitment_payment")
    op.drop_table("commitment_payment")
    op.drop_index("ix_commitment_paper", table_name="commitment_paper")
    op.drop_table("commitment_paper")
    op.drop_index(op.f("ix_commitment_delivery_project_id"), table_name="commitment_delivery")
    op.drop_index(op.f("ix_commitment_delivery_commitment_id"), table_name="commitment_delivery")
    op.drop_table("commitment_delivery")
    op.drop_index("ix_commitment_unit", table_name="commitment")
    op.drop_index(op.f("ix_commitment_replaces_id"), table_name="commitment")
    op.drop_index("ix_commitment_project", table_name="commitment")
    op.drop_index("ix_commitment_late", table_name="commitment")
    op.drop_index("ix_commitment_fulfilled", table_name="commitment")
    op.drop_index("ix_commitment_due", table_name="commitment")
    op.drop_index(op.f("ix_commitment_agreement_id"), table_name="commitment")
    op.drop_table("commitment")
