"""Keep lead providers, their personal data sealed."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1700"
down_revision = "2026_11_24_1610"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite")


def _key(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.String(length=length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "lead_provider",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("kind", _key(12), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("pinyin", _key(600), nullable=False),
        sa.Column("identity_kind", _key(12), nullable=False),
        sa.Column("identity", _key(500), nullable=True),
        sa.Column("identity_mark", _key(90), nullable=True),
        sa.Column("phone", _key(500), nullable=True),
        sa.Column("account", _key(500), nullable=True),
        sa.Column("account_mark", _key(90), nullable=True),
        sa.Column("account_bank", sa.String(length=100), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("unit_id", NUMBER, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", NUMBER, nullable=False),
        sa.Column("created_by_name", sa.String(length=60), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_lead_provider_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_provider")),
        sa.UniqueConstraint("identity_mark", name=op.f("uq_lead_provider_identity_mark")),
    )
    op.create_index("ix_lead_provider_account_mark", "lead_provider", ["account_mark"], unique=False)
    op.create_index("ix_lead_provider_pinyin", "lead_provider", ["pinyin", "id"], unique=False)
    op.create_index("ix_lead_provider_unit", "lead_provider", ["unit_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_lead_provider_unit", table_name="lead_provider")
    op.drop_index("ix_lead_provider_pinyin", table_name="lead_provider")
    op.drop_index("ix_lead_provider_account_mark", table_name="lead_provider")
    op.drop_table("lead_provider")
