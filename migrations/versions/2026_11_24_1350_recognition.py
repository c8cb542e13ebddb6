"""Let entries of funds be declared on evidence and judged by another person; keep what rests on which evidence."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1350"
down_revision = "2026_11_24_1340"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COUNTS_ON = sa.text("coalesce(deferred_to, arrived_on)")


def upgrade() -> None:
    op.create_table(
        "reliance",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("project_id", NUMBER, nullable=False),
        sa.Column("book", sa.String(length=12), nullable=False),
        sa.Column("entry_id", NUMBER, nullable=False),
        sa.Column("evidence_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_reliance_evidence_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_reliance_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reliance")),
        sa.UniqueConstraint("book", "entry_id", "evidence_id", name=op.f("uq_reliance_book_entry_id_evidence_id")),
    )
    op.create_index(op.f("ix_reliance_evidence_id"), "reliance", ["evidence_id"], unique=False)
    op.create_index("ix_reliance_project", "reliance", ["project_id", "book"], unique=False)
    # SQLite makes the table anew, and cannot read back an index over an expression, here or where a key points.
    op.drop_index("ix_fund_counts", table_name="fund_entry")
    with op.batch_alter_table("fund_entry", reflect_kwargs={"resolve_fks": False}) as entries:
        entries.add_column(sa.Column("split", sa.Boolean(), nullable=False, server_default=sa.false()))
        entries.add_column(sa.Column("import_id", NUMBER, nullable=True))
        entries.add_column(sa.Column("entered_by_name", sa.String(length=60), nullable=True))
        entries.add_column(
            sa.Column("judged_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"))
        )
        entries.add_column(sa.Column("judged_by", NUMBER, nullable=True))
        entries.add_column(sa.Column("judged_by_name", sa.String(length=60), nullable=True))
        entries.add_column(sa.Column("shared_reason", sa.String(length=300), nullable=True))
        entries.add_column(
            sa.Column("rule", sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql"))
        )
        entries.add_column(sa.Column("follows_id", NUMBER, nullable=True))
        entries.create_foreign_key(op.f("fk_fund_entry_follows_id"), "fund_entry", ["follows_id"], ["id"])
        entries.create_unique_constraint(op.f("uq_fund_entry_follows_id"), ["follows_id"])
    with op.batch_alter_table("fund_entry", reflect_kwargs={"resolve_fks": False}) as entries:
        entries.alter_column("split", server_default=None)
    op.create_index(op.f("ix_fund_entry_import_id"), "fund_entry", ["import_id"], unique=False)
    op.create_index("ix_fund_counts", "fund_entry", ["state", COUNTS_ON])


def downgrade() -> None:
    op.drop_index("ix_fund_counts", table_name="fund_entry")
    op.drop_index(op.f("ix_fund_entry_import_id"), table_name="fund_entry")
    with op.batch_alter_table("fund_entry", reflect_kwargs={"resolve_fks": False}) as entries:
        entries.drop_constraint(op.f("uq_fund_entry_follows_id"), type_="unique")
        entries.drop_constraint(op.f("fk_fund_entry_follows_id"), type_="foreignkey")
        for column in (
            "follows_id", "rule", "shared_reason", "judged_by_name", "judged_by", "judged_at", "entered_by_name",
            "import_id", "split",
        ):  # fmt: skip
            entries.drop_column(column)
    op.create_index("ix_fund_counts", "fund_entry", ["state", COUNTS_ON])
    op.drop_index("ix_reliance_project", table_name="reliance")
    op.drop_index(op.f("ix_reliance_evidence_id"), table_name="reliance")
    op.drop_table("reliance")
