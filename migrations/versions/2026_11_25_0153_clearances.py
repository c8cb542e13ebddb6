"""Clearances and their findings; several reports of a series in one year."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_0153"
down_revision = "2026_11_25_0140"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("issue") as batch:
        batch.drop_constraint(op.f("uq_issue_kind_period_edition"), type_="unique")
        batch.create_unique_constraint(
            op.f("uq_issue_kind_period_number_edition"), ["kind", "period", "number", "edition"]
        )
    op.create_table(
        "clearance",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("agreements", sa.Integer(), nullable=False),
        sa.Column("without_clauses", sa.Integer(), nullable=False),
        sa.Column("clauses", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column(
            "entered_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False
        ),
        sa.Column("entered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entered_by_name", sa.String(length=60), nullable=False),
        sa.Column("issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_clearance_issue_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_clearance_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearance")),
    )
    op.create_table(
        "clearance_finding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("clearance_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agreement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("commitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("proposed", sa.String(length=24), nullable=False),
        sa.Column("finding", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("action", sa.String(length=500), nullable=True),
        sa.Column("owner_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column(
            "confirmed_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True
        ),
        sa.Column("confirmed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("confirmed_by_name", sa.String(length=60), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_note", sa.String(length=500), nullable=True),
        sa.Column("done_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("done_by_name", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_clearance_finding_agreement_id")),
        sa.ForeignKeyConstraint(["clearance_id"], ["clearance.id"], name=op.f("fk_clearance_finding_clearance_id")),
        sa.ForeignKeyConstraint(["commitment_id"], ["commitment.id"], name=op.f("fk_clearance_finding_commitment_id")),
        sa.ForeignKeyConstraint(["owner_unit_id"], ["unit.id"], name=op.f("fk_clearance_finding_owner_unit_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_clearance_finding_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearance_finding")),
    )
    op.create_index("ix_clearance_finding", "clearance_finding", ["clearance_id", "id"], unique=False)
    op.create_index("ix_clearance_finding_project", "clearance_finding", ["project_id"], unique=False)
    op.create_index("ix_clearance_finding_unit", "clearance_finding", ["clearance_id", "owner_unit_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_clearance_finding_unit", table_name="clearance_finding")
    op.drop_index("ix_clearance_finding_project", table_name="clearance_finding")
    op.drop_index("ix_clearance_finding", table_name="clearance_finding")
    op.drop_table("clearance_finding")
    op.drop_table("clearance")
    with op.batch_alter_table("issue") as batch:
        batch.drop_constraint(op.f("uq_issue_kind_period_number_edition"), type_="unique")
        batch.create_unique_constraint(op.f("uq_issue_kind_period_edition"), ["kind", "period", "edition"])
