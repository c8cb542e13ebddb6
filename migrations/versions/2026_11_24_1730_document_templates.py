"""Add the Word templates that offices put in place of the shipped ones."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1730"
down_revision = "2026_11_24_1720"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite")


def key(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.String(length=length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "document_template",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", key(24), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", key(64), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("replaced_at", INSTANT, nullable=False),
        sa.Column("replaced_by", ID, nullable=False),
        sa.Column("replaced_by_name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["stored_file.sha256"], name=op.f("fk_document_template_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_template")),
        sa.UniqueConstraint("kind", "number", name=op.f("uq_document_template_kind_number")),
    )
    op.create_index(op.f("ix_document_template_sha256"), "document_template", ["sha256"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_document_template_sha256"), table_name="document_template")
    op.drop_table("document_template")
