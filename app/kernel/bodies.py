"""How much a request may carry: a limit for JSON, others for uploads; beyond it 413 before it is all read."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kernel.errors import TooLarge, problem_response
from app.kernel.uploads import MAX_PART

JSON_LIMIT = 1024 * 1024


class BodyLimit:
    """Refuses by the announced length at once, and by what really comes while it is read."""

    def __init__(self, app: ASGIApp, uploads: int) -> None:
        self.app = app
        self.uploads = uploads

    def _limit(self, content_type: bytes) -> int:
        if content_type.startswith(b"multipart/"):
            return self.uploads
        return MAX_PART if content_type.startswith(b"application/octet-stream") else JSON_LIMIT

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        limit = self._limit(headers.get(b"content-type", b"").lower())
        announced = headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced[:20]) > limit:
            await problem_response(Request(scope), TooLarge())(scope, receive, send)
            return
        left = limit

        async def receiving() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(TooLarge.status)  # the framework lets only its own kind out of its reading
            return message

        await self.app(scope, receiving, send)
