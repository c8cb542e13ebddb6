"""A file on its way in: in the form itself or uploaded in parts before; and on its way out."""

import re
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import Depends, File, Form, Request, UploadFile
from fastapi.responses import FileResponse
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from app.facts.evidence import schemas
from app.facts.evidence.queries import Download
from app.kernel import uploads
from app.kernel.access import Actor
from app.kernel.db import database_of
from app.kernel.errors import Invalid
from app.kernel.files import Received, Store
from app.kernel.inspection.examine import PIECE


def store_of(request: Request) -> Store:
    """The store of the application that serves this request."""
    store: Store = request.app.state.store
    return store


def limit_of(request: Request) -> int:
    """The largest file, in bytes."""
    return int(request.app.state.settings.max_upload_mb) * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form brought: the file, or the number of an upload."""

    file: UploadFile | None
    upload: str | None

    def receive(self, request: Request, actor: Actor) -> Received:
        """Check the file and put it into the store: slow, hence before the transaction."""
        if (self.file is None) == (self.upload is None):
            raise Invalid.field("file", "one_of_two", "file 与 upload 须给且只给一个")
        store = store_of(request)
        if self.upload is not None:
            return uploads.finish(database_of(request), store, actor, self.upload)
        assert self.file is not None
        pieces = iter(partial(self.file.file.read, PIECE), b"")
        return store.receive(pieces, name=self.file.filename or "", limit=limit_of(request))


def _sent(
    file: Annotated[UploadFile | None, File(description=schemas.FILE)] = None,
    upload: Annotated[schemas.UploadCode | None, Form(description=schemas.UPLOAD, examples=["up_3f9c"])] = None,
) -> Sent:
    return Sent(file, upload)


FileSent = Annotated[Sent, Depends(_sent)]


# -- out -----------------------------------------------------------------------------------------------------------

_ONE_PART = re.compile(r"bytes=(\d{1,18})-(\d{1,18})?")


class Attachment(FileResponse):
    """A stored file, whole or one part of it; never shown inside of a page of ours. Other ranges are ignored."""

    def __init__(self, store: Store, found: Download) -> None:
        headers = {
            "ETag": f'"{found.sha256}"',
            "Cache-Control": "private, no-cache",
            "Vary": "Authorization, Cookie",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        path = store.path(found.sha256)
        super().__init__(
            path, headers=headers, media_type=found.media_type, filename=found.filename, stat_result=path.stat()
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        size = int(self.headers["content-length"])
        asked = _ONE_PART.fullmatch(Headers(scope=scope).get("range", ""))
        if asked is None or not int(asked[1]) <= int(asked[2] or size - 1) or int(asked[1]) >= size:
            scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"range"]}
        await super().__call__(scope, receive, send)
