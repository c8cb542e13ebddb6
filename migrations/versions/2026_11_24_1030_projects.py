"""Add projects."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1030"
down_revision = "2026_11_24_1020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "code_serial",
        sa.Column(
            "prefix",
            sa.String(length=16).with_variant(sa.String(length=16, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_code_serial")),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "code", sa.String(length=20).with_variant(sa.String(length=20, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "squashed",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "pinyin",
            sa.String(length=600).with_variant(sa.String(length=600, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("confidentiality", sa.String(length=10), nullable=False),
        sa.Column("sight", sa.JSON(), nullable=False),
        sa.Column(
            "industry",
            sa.String(length=5).with_variant(sa.String(length=5, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "industry_edition",
            sa.String(length=4).with_variant(sa.String(length=4, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("sector", sa.String(length=12), nullable=False),
        sa.Column("sector_reason", sa.String(length=300), nullable=True),
        sa.Column(
            "chain", sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql"), nullable=True
        ),
        sa.Column(
            "channel",
            sa.String(length=16).with_variant(sa.String(length=16, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "origin_region",
            sa.String(length=6).with_variant(sa.String(length=6, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("park", sa.String(length=60), nullable=True),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("officer", sa.String(length=60), nullable=True),
        sa.Column("leader", sa.String(length=60), nullable=True),
        sa.Column("enterprise_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("investment_fen", sa.BigInteger(), nullable=True),
        sa.Column("land_mu", sa.BigInteger(), nullable=True),
        sa.Column("jobs", sa.Integer(), nullable=True),
        sa.Column("output_fen", sa.BigInteger(), nullable=True),
        sa.Column("tax_fen", sa.BigInteger(), nullable=True),
        sa.Column(
            "national_code",
            sa.String(length=30).with_variant(sa.String(length=30, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("lead_on", sa.Date(), nullable=True),
        sa.Column("talk_on", sa.Date(), nullable=True),
        sa.Column("framework_on", sa.Date(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.Column("land_on", sa.Date(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("production_on", sa.Date(), nullable=True),
        sa.Column("full_capacity_on", sa.Date(), nullable=True),
        sa.Column("first_formal_fen", sa.BigInteger(), nullable=True),
        sa.Column("contract_fen", sa.BigInteger(), nullable=False),
        sa.Column("framework_fen", sa.BigInteger(), nullable=False),
        sa.Column("funds_fen", sa.BigInteger(), nullable=False),
        sa.Column("tracked_from", sa.Date(), nullable=False),
        sa.Column("archived_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column(
            "changed_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_project_enterprise_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_project_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("code", name=op.f("uq_project_code")),
    )
    op.create_index("ix_project_changed", "project", ["changed_at", "id"], unique=False)
    op.create_index("ix_project_contract", "project", ["contract_fen", "id"], unique=False)
    op.create_index("ix_project_enterprise", "project", ["enterprise_id"], unique=False)
    op.create_index("ix_project_funds", "project", ["funds_fen", "id"], unique=False)
    op.create_index("ix_project_pinyin", "project", ["pinyin", "id"], unique=False)
    op.create_index(
        "ix_project_signed_key", "project", [sa.literal_column("coalesce(signed_on, '0001-01-01')"), "id"], unique=False
    )
    op.create_index(op.f("ix_project_squashed"), "project", ["squashed"], unique=False)
    op.create_index(
        "ix_project_started_key",
        "project",
        [sa.literal_column("coalesce(started_on, '0001-01-01')"), "id"],
        unique=False,
    )
    op.create_index("ix_project_unit_changed", "project", ["unit_id", "changed_at", "id"], unique=False)
    op.create_table(
        "project_alias",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alias", sa.String(length=200), nullable=False),
        sa.Column(
            "squashed",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_alias_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_alias")),
        sa.UniqueConstraint("project_id", "squashed", name=op.f("uq_project_alias_project_id_squashed")),
    )
    op.create_index(op.f("ix_project_alias_squashed"), "project_alias", ["squashed"], unique=False)
    op.create_table(
        "project_enterprise",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "role", sa.String(length=12).with_variant(sa.String(length=12, collation="C"), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_project_enterprise_enterprise_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_enterprise_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_enterprise")),
        sa.UniqueConstraint(
            "project_id", "enterprise_id", "role", name=op.f("uq_project_enterprise_project_id_enterprise_id_role")
        ),
    )
    op.create_index(op.f("ix_project_enterprise_enterprise_id"), "project_enterprise", ["enterprise_id"], unique=False)
    op.create_table(
        "project_grant",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "source",
            sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_grant_project_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_project_grant_unit_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_project_grant_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_grant")),
        sa.UniqueConstraint(
            "project_id",
            "user_id",
            "unit_id",
            "source",
            name=op.f("uq_project_grant_project_id_user_id_unit_id_source"),
        ),
    )
    op.create_index("ix_project_grant_unit", "project_grant", ["unit_id", "project_id"], unique=False)
    op.create_index("ix_project_grant_user", "project_grant", ["user_id", "project_id"], unique=False)
    op.create_table(
        "project_note",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind", sa.String(length=10).with_variant(sa.String(length=10, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.Column("solved_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_note_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_note")),
    )
    op.create_index(op.f("ix_project_note_project_id"), "project_note", ["project_id"], unique=False)
    op.create_table(
        "project_plan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_plan_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_plan")),
        sa.UniqueConstraint("project_id", "stage", name=op.f("uq_project_plan_project_id_stage")),
    )
    op.create_index(op.f("ix_project_plan_planned_on"), "project_plan", ["planned_on"], unique=False)
    op.create_table(
        "project_unit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "role", sa.String(length=12).with_variant(sa.String(length=12, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_unit_project_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_project_unit_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_unit")),
    )
    op.create_index("ix_project_unit_project", "project_unit", ["project_id", "role", "valid_from"], unique=False)
    op.create_index("ix_project_unit_unit", "project_unit", ["unit_id", "project_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_project_unit_unit", table_name="project_unit")
    op.drop_index("ix_project_unit_project", table_name="project_unit")
    op.drop_table("project_unit")
    op.drop_index(op.f("ix_project_plan_planned_on"), table_name="project_plan")
    op.drop_table("project_plan")
    op.drop_index(op.f("ix_project_note_project_id"), table_name="project_note")
    op.drop_table("project_note")
    op.drop_index("ix_project_grant_user", table_name="project_grant")
    op.drop_index("ix_project_grant_unit", table_name="project_grant")
    op.drop_table("project_grant")
    op.drop_index(op.f("ix_project_enterprise_enterprise_id"), table_name="project_enterprise")
    op.drop_table("project_enterprise")
    op.drop_index(op.f("ix_project_alias_squashed"), table_name="project_alias")
    op.drop_table("project_alias")
    op.drop_index("ix_project_unit_changed", table_name="project")
    op.drop_index("ix_project_started_key", table_name="project")
    op.drop_index(op.f("ix_project_squashed"), table_name="project")
    op.drop_index("ix_project_signed_key", table_name="project")
    op.drop_index("ix_project_pinyin", table_name="project")
    op.drop_index("ix_project_funds", table_name="project")
    op.drop_index("ix_project_enterprise", table_name="project")
    op.drop_index("ix_project_contract", table_name="project")
    op.drop_index("ix_project_changed", table_name="project")
    op.drop_table("project")
    op.drop_table("code_serial")
