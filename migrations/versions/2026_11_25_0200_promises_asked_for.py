"""Let a ticket name the clause whose promise it asks for."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_0200"
down_revision = "2026_11_25_0153"
branch_labels = None
depends_on = None

COUNTS = sa.literal_column("coalesce(deferred_to, received_on)")
"""SQLite makes the table anew, and does not know its index over an expression: it goes before and comes after."""


def upgrade() -> None:
    op.drop_index("ix_ticket_counts", table_name="ticket")
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    with op.batch_alter_table("ticket", reflect_kwargs={"resolve_fks": False}) as table:
        table.add_column(sa.Column("commitment_id", number, nullable=True))
        table.create_foreign_key(op.f("fk_ticket_commitment_id"), "commitment", ["commitment_id"], ["id"])
        table.create_index(op.f("ix_ticket_commitment_id"), ["commitment_id"])
    op.create_index("ix_ticket_counts", "ticket", [COUNTS], unique=False)


def downgrade() -> None:
    op.drop_index("ix_ticket_counts", table_name="ticket")
    with op.batch_alter_table("ticket", reflect_kwargs={"resolve_fks": False}) as table:
        table.drop_index(op.f("ix_ticket_commitment_id"))
        table.drop_constraint(op.f("fk_ticket_commitment_id"), type_="foreignkey")
        table.drop_column("commitment_id")
    op.create_index("ix_ticket_counts", "ticket", [COUNTS], unique=False)
