"""Tickets: requests of enterprises with their rounds, steps, files, levels and ratings."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_0100"
down_revision = "2026_11_25_0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ticket",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("contact_name", sa.String(length=60), nullable=True),
        sa.Column("contact_phone", sa.String(length=30), nullable=True),
        sa.Column(
            "received_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False
        ),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("deferred_to", sa.Date(), nullable=True),
        sa.Column("first_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("owner_name", sa.String(length=60), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.Column("solved_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False
        ),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recorded_by_name", sa.String(length=60), nullable=False),
        sa.Column("recorded_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("voided_on", sa.Date(), nullable=True),
        sa.Column("sight", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_ticket_enterprise_id")),
        sa.ForeignKeyConstraint(["first_unit_id"], ["unit.id"], name=op.f("fk_ticket_first_unit_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_ticket_owner_id")),
        sa.ForeignKeyConstraint(["owner_unit_id"], ["unit.id"], name=op.f("fk_ticket_owner_unit_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_ticket_project_id")),
        sa.ForeignKeyConstraint(["recorded_unit_id"], ["unit.id"], name=op.f("fk_ticket_recorded_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
    )
    op.create_index(
        "ix_ticket_counts", "ticket", [sa.literal_column("coalesce(deferred_to, received_on)")], unique=False
    )
    op.create_index("ix_ticket_due", "ticket", ["due_at", "id"], unique=False)
    op.create_index(op.f("ix_ticket_enterprise_id"), "ticket", ["enterprise_id"], unique=False)
    op.create_index(op.f("ix_ticket_owner_id"), "ticket", ["owner_id"], unique=False)
    op.create_index("ix_ticket_owner_unit", "ticket", ["owner_unit_id", "state"], unique=False)
    op.create_index(op.f("ix_ticket_project_id"), "ticket", ["project_id"], unique=False)
    op.create_index("ix_ticket_received", "ticket", ["received_at", "id"], unique=False)
    op.create_index(op.f("ix_ticket_recorded_unit_id"), "ticket", ["recorded_unit_id"], unique=False)
    op.create_index("ix_ticket_state", "ticket", ["state", "due_at"], unique=False)
    op.create_table(
        "ticket_escalation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column(
            "reached_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.Column(
            "rule", sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_escalation_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_escalation")),
        sa.UniqueConstraint("ticket_id", "round", "level", name=op.f("uq_ticket_escalation_ticket_id_round_level")),
    )
    op.create_table(
        "ticket_file",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column(
            "sha256",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column(
            "uploaded_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False
        ),
        sa.Column("uploaded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uploaded_by_name", sa.String(length=60), nullable=False),
        sa.Column(
            "withdrawn_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True
        ),
        sa.Column("withdrawn_by_name", sa.String(length=60), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["sha256"], ["stored_file.sha256"], name=op.f("fk_ticket_file_sha256")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_file_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_file")),
    )
    op.create_index(op.f("ix_ticket_file_sha256"), "ticket_file", ["sha256"], unique=False)
    op.create_index(op.f("ix_ticket_file_ticket_id"), "ticket_file", ["ticket_id"], unique=False)
    op.create_table(
        "ticket_rating",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "token_hash",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("made_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.Column("made_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_by_name", sa.String(length=60), nullable=False),
        sa.Column(
            "expires_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False
        ),
        sa.Column("revoked_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True),
        sa.Column("rated_on", sa.Date(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("remark", sa.String(length=500), nullable=True),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_rating_ticket_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_ticket_rating_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_rating")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_ticket_rating_token_hash")),
    )
    op.create_index("ix_ticket_rating_on", "ticket_rating", ["rated_on"], unique=False)
    op.create_index("ix_ticket_rating_ticket", "ticket_rating", ["ticket_id", "id"], unique=False)
    op.create_table(
        "ticket_round",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("limit", sa.String(length=40), nullable=False),
        sa.Column(
            "rule", sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("due_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.Column("assumed_from", sa.Date(), nullable=True),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("solved_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=True),
        sa.Column("solved_on", sa.Date(), nullable=True),
        sa.Column("deferred_to", sa.Date(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("in_time", sa.Boolean(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_round_ticket_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_ticket_round_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_round")),
        sa.UniqueConstraint("ticket_id", "number", name=op.f("uq_ticket_round_ticket_id_number")),
    )
    op.create_index(
        "ix_ticket_round_counts", "ticket_round", [sa.literal_column("coalesce(deferred_to, solved_on)")], unique=False
    )
    op.create_index("ix_ticket_round_open", "ticket_round", ["solved_at", "due_at"], unique=False)
    op.create_table(
        "ticket_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column(
            "happened_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("owner_name", sa.String(length=60), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_step_ticket_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_ticket_step_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_step")),
    )
    op.create_index("ix_ticket_step_ticket", "ticket_step", ["ticket_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_ticket_step_ticket", table_name="ticket_step")
    op.drop_table("ticket_step")
    op.drop_index("ix_ticket_round_open", table_name="ticket_round")
    op.drop_index("ix_ticket_round_counts", table_name="ticket_round")
    op.drop_table("ticket_round")
    op.drop_index("ix_ticket_rating_ticket", table_name="ticket_rating")
    op.drop_index("ix_ticket_rating_on", table_name="ticket_rating")
    op.drop_table("ticket_rating")
    op.drop_index(op.f("ix_ticket_file_ticket_id"), table_name="ticket_file")
    op.drop_index(op.f("ix_ticket_file_sha256"), table_name="ticket_file")
    op.drop_table("ticket_file")
    op.drop_table("ticket_escalation")
    op.drop_index("ix_ticket_state", table_name="ticket")
    op.drop_index(op.f("ix_ticket_recorded_unit_id"), table_name="ticket")
    op.drop_index("ix_ticket_received", table_name="ticket")
    op.drop_index(op.f("ix_ticket_project_id"), table_name="ticket")
    op.drop_index("ix_ticket_owner_unit", table_name="ticket")
    op.drop_index(op.f("ix_ticket_owner_id"), table_name="ticket")
    op.drop_index(op.f("ix_ticket_enterprise_id"), table_name="ticket")
    op.drop_index("ix_ticket_due", table_name="ticket")
    op.drop_index("ix_ticket_counts", table_name="ticket")
    op.drop_table("ticket")
