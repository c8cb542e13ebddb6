"""Add enterprises."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1020"
down_revision = "2026_11_24_1010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "enterprise",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
        sa.Column(
            "uscc", sa.String(length=18).with_variant(sa.String(length=18, collation="C"), "postgresql"), nullable=True
        ),
        sa.Column("ownership", sa.String(length=12), nullable=False),
        sa.Column(
            "region", sa.String(length=6).with_variant(sa.String(length=6, collation="C"), "postgresql"), nullable=True
        ),
        sa.Column(
            "industry",
            sa.String(length=5).with_variant(sa.String(length=5, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("registered_capital_fen", sa.BigInteger(), nullable=True),
        sa.Column("website", sa.String(length=200), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("merged_into_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["merged_into_id"], ["enterprise.id"], name=op.f("fk_enterprise_merged_into_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["enterprise.id"], name=op.f("fk_enterprise_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise")),
        sa.UniqueConstraint("uscc", name=op.f("uq_enterprise_uscc")),
    )
    op.create_index(op.f("ix_enterprise_merged_into_id"), "enterprise", ["merged_into_id"], unique=False)
    op.create_index(op.f("ix_enterprise_parent_id"), "enterprise", ["parent_id"], unique=False)
    op.create_index(op.f("ix_enterprise_pinyin"), "enterprise", ["pinyin"], unique=False)
    op.create_index(op.f("ix_enterprise_squashed"), "enterprise", ["squashed"], unique=False)
    op.create_table(
        "contact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=True),
        sa.Column("phone", sa.String(length=30), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_contact_enterprise_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_contact_enterprise_id"), "contact", ["enterprise_id"], unique=False)
    op.create_table(
        "enterprise_alias",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alias", sa.String(length=200), nullable=False),
        sa.Column(
            "squashed",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_enterprise_alias_enterprise_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise_alias")),
        sa.UniqueConstraint("enterprise_id", "squashed", name=op.f("uq_enterprise_alias_enterprise_id_squashed")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_enterprise_alias_squashed"), "enterprise_alias", ["squashed"], unique=False)
    op.create_table(
        "enterprise_merge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kept_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("merged_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True),
        sa.Column("undone_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["kept_id"], ["enterprise.id"], name=op.f("fk_enterprise_merge_kept_id")),
        sa.ForeignKeyConstraint(["merged_id"], ["enterprise.id"], name=op.f("fk_enterprise_merge_merged_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise_merge")),
    )
    op.create_index(op.f("ix_enterprise_merge_kept_id"), "enterprise_merge", ["kept_id"], unique=False)
    op.create_index(op.f("ix_enterprise_merge_merged_id"), "enterprise_merge", ["merged_id"], unique=False)
    op.create_table(
        "listing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_listing_enterprise_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing")),
        sa.UniqueConstraint("enterprise_id", "code", "year", name=op.f("uq_listing_enterprise_id_code_year")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("listing")
    op.drop_index(op.f("ix_enterprise_merge_merged_id"), table_name="enterprise_merge")
    op.drop_index(op.f("ix_enterprise_merge_kept_id"), table_name="enterprise_merge")
    op.drop_table("enterprise_merge")
    op.drop_index(op.f("ix_enterprise_alias_squashed"), table_name="enterprise_alias")
    op.drop_table("enterprise_alias")
    op.drop_index(op.f("ix_contact_enterprise_id"), table_name="contact")
    op.drop_table("contact")
    op.drop_index(op.f("ix_enterprise_squashed"), table_name="enterprise")
    op.drop_index(op.f("ix_enterprise_pinyin"), table_name="enterprise")
    op.drop_index(op.f("ix_enterprise_parent_id"), table_name="enterprise")
    op.drop_index(op.f("ix_enterprise_merged_into_id"), table_name="enterprise")
    op.drop_table("enterprise")
