"""Write the next migration: `make migration WHAT="add funds"`.

The models are compared with a fresh PostgreSQL at the newest migration: SQLite cannot be asked about indexes
over expressions, so a migration written against it would lack them.
"""

import sys

from alembic import command

from app.kernel.schema import configuration
from tests import postgres


def main(what: str) -> None:
    folder = postgres.open_folder()
    try:
        config = configuration(postgres.start(18, folder / "migration").url("postgres"))
        command.upgrade(config, "head")
        command.revision(config, what, autogenerate=True)
    finally:
        postgres.close_folder(folder)


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
