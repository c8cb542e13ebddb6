"""Add overrides of gates and answers about duplicates, and find the projects of one amount."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1340"
down_revision = "2026_11_24_1320"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duplicate_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("other_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("suspicions", sa.JSON(), nullable=False),
        sa.Column(
            "answered_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False
        ),
        sa.Column("answered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("answered_by_name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["other_id"], ["project.id"], name=op.f("fk_duplicate_answer_other_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_duplicate_answer_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_answer")),
    )
    op.create_index(op.f("ix_duplicate_answer_other_id"), "duplicate_answer", ["other_id"], unique=False)
    op.create_index(op.f("ix_duplicate_answer_project_id"), "duplicate_answer", ["project_id"], unique=False)
    op.create_table(
        "gate_override",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column(
            "rule", sa.String(length=20).with_variant(sa.String(length=20, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column(
            "requested_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False
        ),
        sa.Column("requested_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("requested_by_name", sa.String(length=60), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True),
        sa.Column("decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_by_name", sa.String(length=60), nullable=True),
        sa.Column("decision", sa.String(length=500), nullable=True),
        sa.Column("move_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["move_id"], ["move.id"], name=op.f("fk_gate_override_move_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_gate_override_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_override")),
        sa.UniqueConstraint("move_id", name=op.f("uq_gate_override_move_id")),
    )
    op.create_index(op.f("ix_gate_override_project_id"), "gate_override", ["project_id"], unique=False)
    op.create_index("ix_project_investment", "project", ["investment_fen"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_project_investment", table_name="project")
    op.drop_index(op.f("ix_gate_override_project_id"), table_name="gate_override")
    op.drop_table("gate_override")
    op.drop_index(op.f("ix_duplicate_answer_project_id"), table_name="duplicate_answer")
    op.drop_index(op.f("ix_duplicate_answer_other_id"), table_name="duplicate_answer")
    op.drop_table("duplicate_answer")
