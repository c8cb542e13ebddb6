"""Where a request goes: the API's routes, found by the first word of their path; and who is let in, asked first.

The framework asks one route after the other, which costs half a millisecond at a hundred of them. Here a
dictionary leads to the few whose path begins alike; each of these is the framework's own, only shorter where it
asks little.
"""

import inspect
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from app.kernel.errors import NoSuchMethod

PREFIX = "/api/v1"


def api(tag: str, **options: Any) -> APIRouter:
    """A domain's router: paths below `/api/v1`, operation ids a human would choose (the function's name)."""
    return APIRouter(
        prefix=PREFIX, tags=[tag], route_class=Route, generate_unique_id_function=lambda route: route.name, **options
    )


def dependencies(dependant: Dependant) -> Iterator[Any]:
    """Every dependency of a route, at any depth."""
    for part in dependant.dependencies:
        yield part.call
        yield from dependencies(part)


class Route(APIRoute):
    """A route of the framework.

    A dependency that has a `gate`, an async function of the request, has it called before anything else: whoever is
    not let in is told so, and not what is wrong with the body, of which nothing was read.

    One that takes no more than parts of its path and async functions of the request, and gives a finished response,
    is called directly: solving such dependencies would cost a third of an answer that is known already.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.gates = _gates(self.dependant)
        if inspect.signature(endpoint).return_annotation is Response and _is_plain(self.dependant):
            self.app = self._answer

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler, gates = super().get_route_handler(), _gates(self.dependant)

        async def handle(request: Request) -> Response:
            for gate in gates:
                await gate(request)
            return await handler(request)

        return handle

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        for gate in self.gates:
            await gate(request)
        values, errors = request_params_to_args(self.dependant.path_params, request.path_params)
        if errors:
            raise RequestValidationError(errors)
        for needed in self.dependant.dependencies:
            assert needed.name is not None and needed.call is not None
            values[needed.name] = await needed.call(request)
        response: Response = await self.endpoint(**values)
        await response(scope, receive, send)


def _gates(dependant: Dependant) -> list[Callable[[Request], Coroutine[Any, Any, Any]]]:
    return [call.gate for call in dependencies(dependant) if hasattr(call, "gate")]


def _is_plain(dependant: Dependant) -> bool:
    """Does it take but parts of the path and what async functions make of the request?"""
    takes = {field.name for field in dependant.path_params} | {needed.name for needed in dependant.dependencies}
    return (
        inspect.iscoroutinefunction(dependant.call)
        and takes == set(inspect.signature(dependant.call).parameters)
        and all(
            inspect.iscoroutinefunction(needed.call)
            and [needed.request_param_name] == list(inspect.signature(needed.call).parameters)
            for needed in dependant.dependencies
        )
    )


HEADERS_ONLY = "zhaoshang.headers_only"
"""In the scope of a HEAD that is served as a GET: for answers without end, which must not begin."""


def _as_get(scope: Scope) -> Scope:
    return {**scope, "method": "GET", HEADERS_ONLY: True}


def _word(path: str) -> str:
    return path.removeprefix(PREFIX).lstrip("/").split("/", 1)[0]


class Switchboard(BaseRoute):
    """All routes as one, in the order of the routers.

    Beside the methods that a path declares it answers HEAD where there is a GET, as that without its body, and
    OPTIONS; both and a refusal (405) name all methods of the path in `Allow`.
    """

    def __init__(self, routers: Iterable[APIRouter]) -> None:
        self.routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
        self.by_word: dict[str, list[APIRoute]] = {}
        for route in self.routes:
            self.by_word.setdefault(_word(route.path), []).append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        partial: Scope | None = None
        if scope["type"] == "http":
            asked = _as_get(scope) if scope["method"] == "HEAD" else scope
            for route in self.by_word.get(_word(scope["path"]), ()):
                match, child = route.matches(asked)
                if match == Match.FULL:
                    return match, child
                if match == Match.PARTIAL and partial is None:
                    partial = child
        return (Match.NONE, {}) if partial is None else (Match.PARTIAL, partial)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The route that matched has written itself into the scope.
        route: APIRoute = scope["route"]
        methods = route.methods or set()
        if scope["method"] in methods:
            await route.handle(scope, receive, send)
        elif scope["method"] == "HEAD" and "GET" in methods:
            await route.handle(_as_get(scope), receive, send)  # servers send no body then
        elif scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=self._allowed(scope))(scope, receive, send)
        else:
            raise NoSuchMethod(headers=self._allowed(scope))

    def _allowed(self, scope: Scope) -> dict[str, str]:
        found = {"OPTIONS"}
        for route in self.by_word[_word(scope["path"])]:
            if route.matches(scope)[0] != Match.NONE:
                found |= route.methods or set()
        if "GET" in found:
            found.add("HEAD")
        return {"Allow": ", ".join(sorted(found))}

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        raise NotImplementedError("links are written out, never computed from routes")
