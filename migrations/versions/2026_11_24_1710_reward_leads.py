"""Keep leads, who gave them, and why somebody may not be rewarded."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1710"
down_revision = "2026_11_24_1700"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite")


def _key(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.String(length=length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "lead",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("information", sa.Text(), nullable=False),
        sa.Column("investor", sa.String(length=200), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("first_contact_on", sa.Date(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("rule", _key(40), nullable=False),
        sa.Column("unit_id", NUMBER, nullable=True),
        sa.Column("project_id", NUMBER, nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("registered_at", INSTANT, nullable=False),
        sa.Column("registered_by", NUMBER, nullable=False),
        sa.Column("registered_by_name", sa.String(length=60), nullable=False),
        sa.Column("linked_at", INSTANT, nullable=True),
        sa.Column("linked_by", NUMBER, nullable=True),
        sa.Column("linked_by_name", sa.String(length=60), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("confirmed_by", sa.String(length=200), nullable=True),
        sa.Column("confirmation_id", NUMBER, nullable=True),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.Column("confirmed_entered_by", NUMBER, nullable=True),
        sa.Column("confirmed_entered_by_name", sa.String(length=60), nullable=True),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.Column("withdrawn_by", NUMBER, nullable=True),
        sa.Column("withdrawn_by_name", sa.String(length=60), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=300), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_lead_project_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_lead_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead")),
    )
    op.create_index(op.f("ix_lead_project_id"), "lead", ["project_id"], unique=False)
    op.create_index("ix_lead_received", "lead", ["received_on", "id"], unique=False)
    op.create_index(op.f("ix_lead_unit_id"), "lead", ["unit_id"], unique=False)
    op.create_table(
        "lead_providing",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("lead_id", NUMBER, nullable=False),
        sa.Column("provider_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_lead_providing_lead_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["lead_provider.id"], name=op.f("fk_lead_providing_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_providing")),
        sa.UniqueConstraint("lead_id", "provider_id", name=op.f("uq_lead_providing_lead_id_provider_id")),
    )
    op.create_index(op.f("ix_lead_providing_provider_id"), "lead_providing", ["provider_id"], unique=False)
    op.create_table(
        "reward_paper",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("lead_id", NUMBER, nullable=False),
        sa.Column("kind", _key(20), nullable=False),
        sa.Column("sha256", _key(64), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("uploaded_at", INSTANT, nullable=False),
        sa.Column("uploaded_by", NUMBER, nullable=False),
        sa.Column("uploaded_by_name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_reward_paper_lead_id")),
        sa.ForeignKeyConstraint(["sha256"], ["stored_file.sha256"], name=op.f("fk_reward_paper_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward_paper")),
    )
    op.create_index(op.f("ix_reward_paper_lead_id"), "reward_paper", ["lead_id"], unique=False)
    op.create_index(op.f("ix_reward_paper_sha256"), "reward_paper", ["sha256"], unique=False)
    op.create_table(
        "lead_exclusion",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("lead_id", NUMBER, nullable=False),
        sa.Column("provider_id", NUMBER, nullable=False),
        sa.Column("kind", _key(20), nullable=False),
        sa.Column("declared", sa.Boolean(), nullable=False),
        sa.Column("declaration_id", NUMBER, nullable=True),
        sa.Column("declared_at", INSTANT, nullable=False),
        sa.Column("declared_entered_by", NUMBER, nullable=False),
        sa.Column("declared_entered_by_name", sa.String(length=60), nullable=False),
        sa.Column("verdict", _key(12), nullable=False),
        sa.Column("paper_id", NUMBER, nullable=True),
        sa.Column("remarks", sa.String(length=500), nullable=True),
        sa.Column("checked_at", INSTANT, nullable=True),
        sa.Column("checked_by", NUMBER, nullable=True),
        sa.Column("checked_by_name", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["declaration_id"], ["reward_paper.id"], name=op.f("fk_lead_exclusion_declaration_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_lead_exclusion_lead_id")),
        sa.ForeignKeyConstraint(["paper_id"], ["reward_paper.id"], name=op.f("fk_lead_exclusion_paper_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["lead_provider.id"], name=op.f("fk_lead_exclusion_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_exclusion")),
        sa.UniqueConstraint("lead_id", "provider_id", "kind", name=op.f("uq_lead_exclusion_lead_id_provider_id_kind")),
    )
    op.create_index(op.f("ix_lead_exclusion_provider_id"), "lead_exclusion", ["provider_id"], unique=False)
    op.create_table(
        "reward_honour",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("lead_id", NUMBER, nullable=False),
        sa.Column("provider_id", NUMBER, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("awarded_on", sa.Date(), nullable=False),
        sa.Column("basis", sa.String(length=300), nullable=False),
        sa.Column("paper_id", NUMBER, nullable=True),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.Column("entered_by", NUMBER, nullable=False),
        sa.Column("entered_by_name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_reward_honour_lead_id")),
        sa.ForeignKeyConstraint(["paper_id"], ["reward_paper.id"], name=op.f("fk_reward_honour_paper_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["lead_provider.id"], name=op.f("fk_reward_honour_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward_honour")),
    )
    op.create_index(op.f("ix_reward_honour_lead_id"), "reward_honour", ["lead_id"], unique=False)
    op.create_index(op.f("ix_reward_honour_provider_id"), "reward_honour", ["provider_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_reward_honour_provider_id"), table_name="reward_honour")
    op.drop_index(op.f("ix_reward_honour_lead_id"), table_name="reward_honour")
    op.drop_table("reward_honour")
    op.drop_index(op.f("ix_lead_exclusion_provider_id"), table_name="lead_exclusion")
    op.drop_table("lead_exclusion")
    op.drop_index(op.f("ix_reward_paper_sha256"), table_name="reward_paper")
    op.drop_index(op.f("ix_reward_paper_lead_id"), table_name="reward_paper")
    op.drop_table("reward_paper")
    op.drop_index(op.f("ix_lead_providing_provider_id"), table_name="lead_providing")
    op.drop_table("lead_providing")
    op.drop_index(op.f("ix_lead_unit_id"), table_name="lead")
    op.drop_index("ix_lead_received", table_name="lead")
    op.drop_index(op.f("ix_lead_project_id"), table_name="lead")
    op.drop_table("lead")
