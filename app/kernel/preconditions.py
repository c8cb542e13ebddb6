"""If-Match: a change says which version of the row it was made from."""

from typing import Annotated

from fastapi import Depends, Header

from app.kernel.errors import IfMatchMissing, Stale
from app.kernel.replies import row_version_in


async def if_match(
    if_match: Annotated[
        str | None,
        Header(description="读取该记录时答复的 ETag；只比较其中的行版本", examples=['"7-1234"'], max_length=100),
    ] = None,
) -> int:
    """The row version the client read; 428 when it does not say, 412 when it is none of ours."""
    if if_match is None:
        raise IfMatchMissing
    version = row_version_in(if_match)
    if version is None:
        raise Stale
    return version


IfMatch = Annotated[int, Depends(if_match)]


async def if_match_given(
    if_match: Annotated[
        str | None,
        Header(description="可不带；带则只在该记录仍如所读时进行", examples=['"7-1234"'], max_length=100),
    ] = None,
) -> int | None:
    """The row version the client read, where it says so; 412 when it is none of ours."""
    if if_match is None:
        return None
    version = row_version_in(if_match)
    if version is None:
        raise Stale
    return version


IfMatchGiven = Annotated[int | None, Depends(if_match_given)]


def expect(current: int, asked: int) -> None:
    """Refuse (412) a change made from another version than the current one."""
    if current != asked:
        raise Stale
