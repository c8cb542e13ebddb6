"""Answers that break off: what a network or a falling server does, which no ordinary response can."""

import asyncio
from typing import Any, cast

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TRANSPORT = "zhaoshang.transport"


class OpenProtocol(HttpToolsProtocol):
    """uvicorn's protocol; applications see the connection beneath."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast(dict[str, Any], self.scope)[TRANSPORT] = self.transport


class Nothing(Response):
    """No answer at all: the connection is gone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _transport(scope).abort()
        await _gone(receive)


class Cut(Response):
    """The first half of an answer that said it would be longer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        _transport(scope).close()
        await _gone(receive)


class Twice(Response):
    """The same answer two times on one connection: the second is nobody's."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, send)
        lines = b"".join(b"%s: %s\r\n" % header for header in self.raw_headers)
        _transport(scope).write(b"HTTP/1.1 %d OK\r\n%s\r\n%s" % (self.status_code, lines, bytes(self.body)))


def _transport(scope: Scope) -> asyncio.Transport:
    transport = scope.get(TRANSPORT)
    if transport is None:
        raise RuntimeError("served without app.exchange.municipal.sandbox.serving")
    return cast(asyncio.Transport, transport)


async def _gone(receive: Receive) -> None:
    """Until the connection has ended; the server says nothing of an answer it can send to nobody."""
    while (await receive())["type"] != "http.disconnect":
        pass
