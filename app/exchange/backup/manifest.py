"""What an archive says of itself."""

import msgspec

from app.kernel.errors import Conflict

FORMAT = 1
BATCH = 2_000
"""Rows that are in memory at once."""


class OtherSchema(Conflict):
    code = "other_schema"
    message = "备份与程序的数据结构版本不同；请用制作备份的程序版本恢复，再升级"
    english = "The backup has another schema version."


class Held(msgspec.Struct, frozen=True):
    """What the archive holds of one table. `last_id` is the newest row number that was ever given."""

    columns: list[str]
    rows: int
    last_id: int | None


class End(msgspec.Struct, frozen=True):
    """Where the log ends."""

    seq: int
    hash: str


class Version(msgspec.Struct, frozen=True):
    """What is read first: whether the rest can be understood."""

    format: int
    migration: str | None


class Manifest(Version, frozen=True):
    """What the archive says of itself."""

    created_at: str
    database: str
    log: End
    tables: dict[str, Held]
    missing_files: list[str]  # hashes of those that were gone, or damaged, already when the backup was made
