"""The OpenAPI of the house: what our own dependencies know is written into the framework's description.

A route's permission and the two ways to say who one is; the parameters that `asked()` reads; the headers of
versions and of repeated requests; one problem document for every refusal.
"""

import inspect
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

import anyio
import anyio.to_thread
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.kernel.errors import IfMatchMissing, ProblemOut, Stale, raises
from app.kernel.paging import PageQuery
from app.kernel.preconditions import if_match
from app.kernel.replies import Kept, encode, respond
from app.kernel.routing import Switchboard, dependencies

REF = "#/components/schemas/{model}"
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "客户端自拟的唯一值：重发同一请求（两天内）只做一次，得到同一答复",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    "example": "6f1b0f0e-6c2b-4b5e-9a39-2f1c3a0f7d11",
}

IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "所持答复的 ETag：没有变化时答复 304，不含正文",
    "schema": {"type": "string"},
    "example": '"7-1234-9f86d081884c7d65"',
}

ETAG = {"description": "答复的标识；修改时作 If-Match，再次读取时作 If-None-Match", "schema": {"type": "string"}}

TOLD_ONCE = {"x-told-once": True}
"""`openapi_extra` of a route that tells a secret: its answer is not kept, so that an Idempotency-Key is of no use."""

SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "登录所得令牌，或机器密钥"},
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "zhaoshang_session",
        "description": "浏览器会话；写操作另须 X-CSRF-Token 请求头",
    },
}


def permission_of(route: APIRoute) -> Any:
    """The permission that a route declares: None for a public one; LookupError when it declares nothing."""
    for call in dependencies(route.dependant):
        if hasattr(call, "permission"):
            return call.permission
    raise LookupError(f"{route.methods} {route.path} declares no permission")


def routes(app: FastAPI) -> list[APIRoute]:
    """The routes of our API, in the OpenAPI or not."""
    found: list[APIRoute] = []
    for route in app.routes:
        if isinstance(route, Switchboard):
            found.extend(route.routes)
        elif isinstance(route, APIRoute):
            found.append(route)
    return found


def _parameters(model: type[BaseModel], schemas: dict[str, Any]) -> Iterator[dict[str, Any]]:
    whole = model.model_json_schema(ref_template=REF, mode="validation")
    schemas.update(whole.pop("$defs", {}))
    for name, schema in whole["properties"].items():
        kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
        if kinds:
            schema.pop("anyOf")
            schema.update(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})
        if schema.get("default", ...) is None:
            schema.pop("default")
        parameter = {
            "name": name,
            "in": "query",
            "required": name in whole.get("required", ()),
            "description": schema.pop("description", ""),
            "schema": schema,
        }
        if name == "sort" and issubclass(model, PageQuery):
            schema["enum"] = list(model.sorts)
            parameter["description"] += f"；默认 {model.sorts[0]}"
            parameter["example"] = model.sorts[0]
        examples = schema.pop("examples", None)
        if examples:
            alone = schema.get("type") == "array" and not isinstance(examples[0], list | tuple)
            parameter["example"] = [examples[0]] if alone else examples[0]
        yield parameter


def describe(app: FastAPI) -> dict[str, Any]:
    """The whole description; made once for each application."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    schema = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=routes(app),
        tags=app.openapi_tags,
    )
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    components["securitySchemes"] = SECURITY
    problem = ProblemOut.model_json_schema(ref_template=REF)
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for route in routes(app):
        if route.include_in_schema:
            for method in route.methods or ():
                _complete(route, schema["paths"][route.path_format][method.lower()], schemas)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    app.openapi_schema = schema
    return schema


class Description:
    """The description as it is sent: built for whoever asks first, in a thread, since it takes a second; then kept."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.kept: Kept | None = None
        self.lock = anyio.Lock()

    async def answer(self, request: Request) -> Response:
        """The description, or 304 when the client holds it. Behind a proxy's path it names that as its server."""
        async with self.lock:  # many may ask while it is built
            if self.kept is None:
                self.kept = await anyio.to_thread.run_sync(self._build)
        root = request.scope.get("root_path", "").rstrip("/")
        if not root:
            return respond(request, self.kept)
        server = encode({"servers": [{"url": root}]})
        return Response(server[:-1] + b"," + self.kept.body[1:], media_type="application/json")

    def _build(self) -> Kept:
        body = encode(describe(self.app))
        self.app.openapi_schema = None  # twenty times as large as its bytes
        return Kept(body, f'"{sha256(body).hexdigest()[:16]}"', datetime.max)


def _is_kept(route: APIRoute) -> bool:
    """Does the route's function answer with `read.answer`, which keeps bodies and gives them an ETag?"""
    return "answer" in inspect.unwrap(route.endpoint).__code__.co_names


def _say_versions(route: APIRoute, operation: dict[str, Any], responses: dict[str, Any]) -> None:
    """If-Match where a change needs it; ETag and If-None-Match where an answer has them."""
    if if_match in dependencies(route.dependant):
        for parameter in operation["parameters"]:
            if parameter["name"] == "if-match":
                # For the function it is optional, so that its absence is 428 and not 422.
                parameter["required"] = True
                parameter["schema"] = {"type": "string", "maxLength": 100, "title": parameter["schema"]["title"]}
        for status, response in raises(Stale, IfMatchMissing).items():
            responses.setdefault(str(status), response)
    if "GET" in (route.methods or ()) and ("304" in responses or _is_kept(route)):
        responses["200"].setdefault("headers", {})["ETag"] = ETAG
        responses.setdefault("304", {"description": "与 If-None-Match 所持的相同"})
        responses["304"]["headers"] = {"ETag": ETAG}
        operation.setdefault("parameters", []).append(IF_NONE_MATCH)


def _complete(route: APIRoute, operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    responses = operation.setdefault("responses", {})
    permission = permission_of(route)
    if permission is not None:
        operation["security"] = [{"bearer": []}, {"cookie": []}]
        operation["x-permission"] = str(permission)
        responses.setdefault("401", {"description": "未登录或登录已过期", "content": PROBLEM})
        responses.setdefault("403", {"description": f"需要权限 {permission}", "content": PROBLEM})
    asked = [call.query_model for call in dependencies(route.dependant) if hasattr(call, "query_model")]
    for model in asked:
        operation.setdefault("parameters", []).extend(_parameters(model, schemas))
    if "requestBody" in operation:
        responses.setdefault("400", {"description": "读不出请求正文", "content": PROBLEM})
        responses.setdefault("413", {"description": "请求正文过大", "content": PROBLEM})
    form = "multipart/form-data" in operation.get("requestBody", {}).get("content", ())
    repeatable = any(hasattr(call, "repeatable") for call in dependencies(route.dependant))
    told_once = operation.get("x-told-once", False)
    if "POST" in (route.methods or ()) and repeatable and not form and not told_once:
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
        responses.setdefault("409", {"description": "同一 Idempotency-Key 已用于另一请求", "content": PROBLEM})
    needed = "requestBody" in operation or operation.get("parameters")
    _say_versions(route, operation, responses)
    if needed:
        responses["422"] = {"description": "提交的内容有误：`errors` 逐项指明字段与原因", "content": PROBLEM}
