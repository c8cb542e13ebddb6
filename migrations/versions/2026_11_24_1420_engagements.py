"""Keep engagements: who met whom, where and when, which reports tell of one trip, and what must come of it."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1420"
down_revision = "2026_11_24_1400"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite")


def _key(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.String(length=length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "engagement",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("starts_half", sa.String(length=2), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("ends_half", sa.String(length=2), nullable=False),
        sa.Column("half_days", sa.Integer(), nullable=False),
        sa.Column("deferred_to", sa.Date(), nullable=True),
        sa.Column("region", _key(6), nullable=True),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("unit_id", NUMBER, nullable=False),
        sa.Column("visitors", sa.Integer(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("outlet", sa.String(length=100), nullable=True),
        sa.Column("level", sa.String(length=12), nullable=True),
        sa.Column("link", sa.String(length=500), nullable=True),
        sa.Column("platform", sa.String(length=100), nullable=True),
        sa.Column("participants", sa.String(length=1000), nullable=True),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.Column("entered_by", NUMBER, nullable=False),
        sa.Column("entered_by_name", sa.String(length=60), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("joined_into_id", NUMBER, nullable=True),
        sa.Column("voided_at", INSTANT, nullable=True),
        sa.Column("voided_by", NUMBER, nullable=True),
        sa.Column("voided_by_name", sa.String(length=60), nullable=True),
        sa.Column("voided_reason", sa.String(length=300), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["joined_into_id"], ["engagement.id"], name=op.f("fk_engagement_joined_into_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_engagement_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagement")),
    )
    op.create_index(
        "ix_engagement_counts",
        "engagement",
        ["kind", sa.literal_column("coalesce(deferred_to, starts_on)")],
        unique=False,
    )
    op.create_index("ix_engagement_days", "engagement", ["starts_on", "id"], unique=False)
    op.create_index(op.f("ix_engagement_joined_into_id"), "engagement", ["joined_into_id"], unique=False)
    op.create_index(op.f("ix_engagement_unit_id"), "engagement", ["unit_id"], unique=False)
    op.create_table(
        "engagement_enterprise",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("engagement_id", NUMBER, nullable=False),
        sa.Column("enterprise_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["engagement_id"], ["engagement.id"], name=op.f("fk_engagement_enterprise_engagement_id")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_engagement_enterprise_enterprise_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagement_enterprise")),
        sa.UniqueConstraint(
            "engagement_id", "enterprise_id", name=op.f("uq_engagement_enterprise_engagement_id_enterprise_id")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_engagement_enterprise_enterprise_id"), "engagement_enterprise", ["enterprise_id"], unique=False
    )
    op.create_table(
        "engagement_file",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("engagement_id", NUMBER, nullable=False),
        sa.Column(
            "sha256",
            _key(64),
            nullable=False,
        ),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("uploaded_at", INSTANT, nullable=False),
        sa.Column("uploaded_by", NUMBER, nullable=False),
        sa.Column("uploaded_by_name", sa.String(length=60), nullable=False),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.Column("withdrawn_by", NUMBER, nullable=True),
        sa.Column("withdrawn_by_name", sa.String(length=60), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["engagement_id"], ["engagement.id"], name=op.f("fk_engagement_file_engagement_id")),
        sa.ForeignKeyConstraint(["sha256"], ["stored_file.sha256"], name=op.f("fk_engagement_file_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagement_file")),
    )
    op.create_index(op.f("ix_engagement_file_engagement_id"), "engagement_file", ["engagement_id"], unique=False)
    op.create_index(op.f("ix_engagement_file_sha256"), "engagement_file", ["sha256"], unique=False)
    op.create_table(
        "engagement_join",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("kept_id", NUMBER, nullable=False),
        sa.Column("joined_id", NUMBER, nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", NUMBER, nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.Column("undone_at", INSTANT, nullable=True),
        sa.Column("undone_by", NUMBER, nullable=True),
        sa.Column("undone_by_name", sa.String(length=60), nullable=True),
        sa.Column("undone_reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["joined_id"], ["engagement.id"], name=op.f("fk_engagement_join_joined_id")),
        sa.ForeignKeyConstraint(["kept_id"], ["engagement.id"], name=op.f("fk_engagement_join_kept_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagement_join")),
    )
    op.create_index(op.f("ix_engagement_join_joined_id"), "engagement_join", ["joined_id"], unique=False)
    op.create_index(op.f("ix_engagement_join_kept_id"), "engagement_join", ["kept_id"], unique=False)
    op.create_table(
        "engagement_person",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("engagement_id", NUMBER, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=True),
        sa.Column("office", sa.String(length=60), nullable=True),
        sa.Column("unit_id", NUMBER, nullable=True),
        sa.Column("principal", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["engagement_id"], ["engagement.id"], name=op.f("fk_engagement_person_engagement_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_engagement_person_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagement_person")),
    )
    op.create_index(op.f("ix_engagement_person_engagement_id"), "engagement_person", ["engagement_id"], unique=False)
    op.create_table(
        "engagement_project",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("engagement_id", NUMBER, nullable=False),
        sa.Column("project_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["engagement_id"], ["engagement.id"], name=op.f("fk_engagement_project_engagement_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_engagement_project_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagement_project")),
        sa.UniqueConstraint("engagement_id", "project_id", name=op.f("uq_engagement_project_engagement_id_project_id")),
    )
    op.create_index(op.f("ix_engagement_project_project_id"), "engagement_project", ["project_id"], unique=False)
    op.create_table(
        "engagement_unit",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("engagement_id", NUMBER, nullable=False),
        sa.Column("unit_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["engagement_id"], ["engagement.id"], name=op.f("fk_engagement_unit_engagement_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_engagement_unit_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagement_unit")),
        sa.UniqueConstraint("engagement_id", "unit_id", name=op.f("uq_engagement_unit_engagement_id_unit_id")),
    )
    op.create_index(op.f("ix_engagement_unit_unit_id"), "engagement_unit", ["unit_id"], unique=False)
    op.create_table(
        "follow_up",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("engagement_id", NUMBER, nullable=False),
        sa.Column("what", sa.String(length=1000), nullable=False),
        sa.Column("unit_id", NUMBER, nullable=False),
        sa.Column("person", sa.String(length=60), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("result", sa.String(length=1000), nullable=True),
        sa.Column("file_id", NUMBER, nullable=True),
        sa.Column("dropped_reason", sa.String(length=300), nullable=True),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.Column("entered_by", NUMBER, nullable=False),
        sa.Column("entered_by_name", sa.String(length=60), nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("closed_by", NUMBER, nullable=True),
        sa.Column("closed_by_name", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["engagement_id"], ["engagement.id"], name=op.f("fk_follow_up_engagement_id")),
        sa.ForeignKeyConstraint(["file_id"], ["engagement_file.id"], name=op.f("fk_follow_up_file_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_follow_up_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
    )
    op.create_index("ix_follow_up_due", "follow_up", ["state", "due_on", "id"], unique=False)
    op.create_index(op.f("ix_follow_up_engagement_id"), "follow_up", ["engagement_id"], unique=False)
    op.create_index(op.f("ix_follow_up_unit_id"), "follow_up", ["unit_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_follow_up_unit_id"), table_name="follow_up")
    op.drop_index(op.f("ix_follow_up_engagement_id"), table_name="follow_up")
    op.drop_index("ix_follow_up_due", table_name="follow_up")
    op.drop_table("follow_up")
    op.drop_index(op.f("ix_engagement_unit_unit_id"), table_name="engagement_unit")
    op.drop_table("engagement_unit")
    op.drop_index(op.f("ix_engagement_project_project_id"), table_name="engagement_project")
    op.drop_table("engagement_project")
    op.drop_index(op.f("ix_engagement_person_engagement_id"), table_name="engagement_person")
    op.drop_table("engagement_person")
    op.drop_index(op.f("ix_engagement_join_kept_id"), table_name="engagement_join")
    op.drop_index(op.f("ix_engagement_join_joined_id"), table_name="engagement_join")
    op.drop_table("engagement_join")
    op.drop_index(op.f("ix_engagement_file_sha256"), table_name="engagement_file")
    op.drop_index(op.f("ix_engagement_file_engagement_id"), table_name="engagement_file")
    op.drop_table("engagement_file")
    op.drop_index(op.f("ix_engagement_enterprise_enterprise_id"), table_name="engagement_enterprise")
    op.drop_table("engagement_enterprise")
    op.drop_index(op.f("ix_engagement_unit_id"), table_name="engagement")
    op.drop_index(op.f("ix_engagement_joined_into_id"), table_name="engagement")
    op.drop_index("ix_engagement_days", table_name="engagement")
    op.drop_index("ix_engagement_counts", table_name="engagement")
    op.drop_table("engagement")
