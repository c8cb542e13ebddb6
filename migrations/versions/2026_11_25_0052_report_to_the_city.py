"""Channels to the municipal system: records, contacts, packages, reconciliations."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_0052"
down_revision = "2026_11_24_1810"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "municipal_channel",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "code", sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("state_reason", sa.String(length=300), nullable=True),
        sa.Column("cursor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "mapping",
            sa.String(length=80).with_variant(sa.String(length=80, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True),
        sa.Column(
            "probing_until", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True
        ),
        sa.Column(
            "contacted_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True
        ),
        sa.Column(
            "succeeded_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True
        ),
        sa.Column("failure", sa.String(length=300), nullable=True),
        sa.Column("alarmed_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipal_channel")),
        sa.UniqueConstraint("code", name=op.f("uq_municipal_channel_code")),
    )
    op.create_table(
        "municipal_contact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "what", sa.String(length=12).with_variant(sa.String(length=12, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column(
            "batch",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "started_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.Column(
            "outcome",
            sa.String(length=10).with_variant(sa.String(length=10, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["municipal_channel.id"], name=op.f("fk_municipal_contact_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipal_contact")),
    )
    op.create_index("ix_municipal_contact_channel", "municipal_contact", ["channel_id", "started_at"], unique=False)
    op.create_table(
        "municipal_nonce",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "nonce",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["municipal_channel.id"], name=op.f("fk_municipal_nonce_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipal_nonce")),
        sa.UniqueConstraint("channel_id", "nonce", name=op.f("uq_municipal_nonce_channel_id_nonce")),
    )
    op.create_index(op.f("ix_municipal_nonce_at"), "municipal_nonce", ["at"], unique=False)
    op.create_table(
        "municipal_package",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "number",
            sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.String(length=10).with_variant(sa.String(length=10, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "form", sa.String(length=8).with_variant(sa.String(length=8, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "digest",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column(
            "file", sa.String(length=80).with_variant(sa.String(length=80, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("made_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.Column("made_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_by_name", sa.String(length=60), nullable=False),
        sa.Column(
            "answered_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True
        ),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["municipal_channel.id"], name=op.f("fk_municipal_package_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipal_package")),
        sa.UniqueConstraint("number", name=op.f("uq_municipal_package_number")),
    )
    op.create_index(op.f("ix_municipal_package_channel_id"), "municipal_package", ["channel_id"], unique=False)
    op.create_table(
        "municipal_reconciliation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "source",
            sa.String(length=10).with_variant(sa.String(length=10, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("made_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.Column("made_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_by_name", sa.String(length=60), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("missing_there", sa.Integer(), nullable=False),
        sa.Column("missing_here", sa.Integer(), nullable=False),
        sa.Column("different", sa.Integer(), nullable=False),
        sa.Column("older", sa.Integer(), nullable=False),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.Column("resent_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["municipal_channel.id"], name=op.f("fk_municipal_reconciliation_channel_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipal_reconciliation")),
    )
    op.create_index(
        op.f("ix_municipal_reconciliation_channel_id"), "municipal_reconciliation", ["channel_id"], unique=False
    )
    op.create_table(
        "municipal_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column(
            "key", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("op", sa.String(length=8), nullable=False),
        sa.Column("wanted_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=True),
        sa.Column(
            "digest",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("wanted_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("held_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("held_op", sa.String(length=8), nullable=True),
        sa.Column("held", sa.Text(), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True),
        sa.Column("receipt_no", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("field", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.Column(
            "lease", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=True
        ),
        sa.Column(
            "lease_until", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True
        ),
        sa.Column("package_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["municipal_channel.id"], name=op.f("fk_municipal_record_channel_id")),
        sa.ForeignKeyConstraint(["package_id"], ["municipal_package.id"], name=op.f("fk_municipal_record_package_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_municipal_record_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipal_record")),
        sa.UniqueConstraint("channel_id", "kind", "key", name=op.f("uq_municipal_record_channel_id_kind_key")),
    )
    op.create_index(
        "ix_municipal_record_due", "municipal_record", ["channel_id", "state", "next_try", "id"], unique=False
    )
    op.create_index(
        "ix_municipal_record_position", "municipal_record", ["channel_id", "kind", "position"], unique=False
    )
    op.create_index("ix_municipal_record_project", "municipal_record", ["project_id"], unique=False)
    op.create_table(
        "municipal_package_item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("package_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("op", sa.String(length=8), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["package_id"], ["municipal_package.id"], name=op.f("fk_municipal_package_item_package_id")
        ),
        sa.ForeignKeyConstraint(
            ["record_id"], ["municipal_record.id"], name=op.f("fk_municipal_package_item_record_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipal_package_item")),
        sa.UniqueConstraint("package_id", "record_id", name=op.f("uq_municipal_package_item_package_id_record_id")),
    )


def downgrade() -> None:
    op.drop_table("municipal_package_item")
    op.drop_index("ix_municipal_record_project", table_name="municipal_record")
    op.drop_index("ix_municipal_record_position", table_name="municipal_record")
    op.drop_index("ix_municipal_record_due", table_name="municipal_record")
    op.drop_table("municipal_record")
    op.drop_index(op.f("ix_municipal_reconciliation_channel_id"), table_name="municipal_reconciliation")
    op.drop_table("municipal_reconciliation")
    op.drop_index(op.f("ix_municipal_package_channel_id"), table_name="municipal_package")
    op.drop_table("municipal_package")
    op.drop_index(op.f("ix_municipal_nonce_at"), table_name="municipal_nonce")
    op.drop_table("municipal_nonce")
    op.drop_index("ix_municipal_contact_channel", table_name="municipal_contact")
    op.drop_table("municipal_contact")
    op.drop_table("municipal_channel")
