"""The way of a request from a test to the application in this process: there and back at once.

The framework's own test client crosses between the threads of the test and of the event loop eight times for each
request, so that an answer can be read piece by piece. No test reads one so (streams have servers of their own), and
the crossings cost more than most answers. This crosses twice.
"""

from typing import Any
from urllib.parse import unquote

import anyio
import httpx2 as httpx
from anyio.from_thread import BlockingPortal
from starlette.types import ASGIApp, Message


class Direct(httpx.BaseTransport):
    """Hands a request over to the event loop behind a portal, and the whole answer back."""

    def __init__(self, app: ASGIApp, portal: BlockingPortal, client: tuple[str, int]) -> None:
        self.app, self.portal, self.client = app, portal, client
        self.raise_server_exceptions = True

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raw_path, _, query = request.url.raw_path.partition(b"?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": request.method,
            "scheme": request.url.scheme,
            "path": unquote(request.url.path),
            "raw_path": raw_path,
            "root_path": "",
            "query_string": query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": self.client,
            "server": [request.url.host, request.url.port or 80],
            "state": {},
        }
        start, parts = self.portal.call(self._answer, scope, request)
        assert start or not self.raise_server_exceptions, "the application ended without an answer"
        return httpx.Response(
            start.get("status", 500),
            headers=[(name.decode(), value.decode()) for name, value in start.get("headers", ())],
            stream=httpx.ByteStream(b"" if request.method == "HEAD" else b"".join(parts)),
            request=request,
        )

    async def _answer(self, scope: dict[str, Any], request: httpx.Request) -> tuple[Message, list[bytes]]:
        start: Message = {}
        parts: list[bytes] = []
        asked, complete = False, anyio.Event()

        async def receive() -> Message:
            nonlocal asked
            if asked:
                await complete.wait()
                return {"type": "http.disconnect"}
            asked = True
            # Not before: what nobody may send is not even read.
            return {"type": "http.request", "body": request.read(), "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                assert not start, "an answer begins once"
                start.update(message)
            else:
                assert message["type"] == "http.response.body" and start, "an answer begins with its head"
                assert not complete.is_set(), "an answer ends once"
                parts.append(bytes(message.get("body", b"")))
                if not message.get("more_body", False):
                    complete.set()

        try:
            await self.app(scope, receive, send)
        except Exception:
            if self.raise_server_exceptions:
                raise
        return start, parts
