"""What can go wrong, as problem+json (RFC 9457) with a Chinese message; English by Accept-Language.

The domain raises; one handler answers. An answer never repeats the input and never shows a stack trace.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, ClassVar

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import IntegrityError, OperationalError
from starlette.exceptions import HTTPException as StarletteHTTPException

from app.kernel.replies import encode

log = structlog.get_logger()


class FieldError(BaseModel):
    """One thing that is wrong with one field."""

    field: str = Field(description="Path of the field, e.g. `agreements.0.amount`", examples=["signed_on"])
    code: str = Field(description="Machine-readable reason", examples=["missing"])
    message: str = Field(description="The reason in words", examples=["必填"])


class ProblemOut(BaseModel):
    """The body of every refusal."""

    type: str = Field(
        description="Name of the kind of problem: `urn:zhaoshang:` and the code", examples=["urn:zhaoshang:not_found"]
    )
    title: str = Field(description="What the status means", examples=["Not Found"])
    status: int = Field(description="HTTP status", examples=[404])
    detail: str = Field(description="Same as `message`", examples=["没有这个项目，或您无权查看"])
    code: str = Field(description="Stable code to branch on", examples=["not_found"])
    message: str = Field(description="Chinese by default, English by Accept-Language", examples=["没有这个项目"])
    errors: list[FieldError] = Field(default_factory=list, description="Fields that are wrong, each with its reason")
    request_id: str = Field(
        description="Also in `X-Request-Id`; what the administrator asks for", examples=["5f0c6f0e9d3b4a1c"]
    )


class Problem(Exception):
    """A refusal that knows its status.

    `message` is Chinese and `english` its counterpart; `errors` names fields; `headers` are added to the answer.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad Request"
    code: ClassVar[str] = "bad_request"
    message: ClassVar[str] = "请求有误"
    english: ClassVar[str] = "The request is not right."

    def __init__(
        self,
        message: str | None = None,
        english: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        self.said = message or self.message
        self.said_in_english = english or (self.english if message is None else message)
        self.errors = list(errors)
        self.headers = headers or {}
        super().__init__(self.said)


class Unauthenticated(Problem):
    status, title, code = 401, "Unauthorized", "unauthenticated"
    message, english = "请先登录", "Please log in first."


class Forbidden(Problem):
    status, title, code = 403, "Forbidden", "forbidden"
    message, english = "您没有此项权限", "You do not have this permission."


class NotFound(Problem):
    status, title, code = 404, "Not Found", "not_found"
    message, english = "没有找到，或您无权查看", "Not found, or not yours to see."


class NoSuchMethod(Problem):
    status, title, code = 405, "Method Not Allowed", "method_not_allowed"
    message, english = "此地址不支持该方法", "This address has no such method."


class Conflict(Problem):
    status, title, code = 409, "Conflict", "conflict"
    message, english = "与现有数据冲突", "This conflicts with what is there."


class Crossed(Conflict):
    code = "crossed"
    message = "您与他人同时修改了相关联的内容，系统撤销了本次修改，没有保存任何内容；请再试一次"
    english = "You and somebody else changed related things at once. Nothing of yours was saved. Please try again."


class Stale(Problem):
    status, title, code = 412, "Precondition Failed", "stale"
    message = "该记录已被他人修改，请刷新后再提交"
    english = "Somebody changed this record after you read it. Read it again first."


class TooLarge(Problem):
    status, title, code = 413, "Content Too Large", "too_large"
    message, english = "内容过大", "The content is too large."


class Invalid(Problem):
    status, title, code = 422, "Unprocessable Content", "invalid"
    message, english = "提交的内容有误", "The content is not right."

    @classmethod
    def field(cls, field: str, code: str, message: str) -> "Invalid":
        """A refusal because of one field."""
        return cls(f"{field}：{message}", errors=[FieldError(field=field, code=code, message=message)])


class IfMatchMissing(Problem):
    status, title, code = 428, "Precondition Required", "if_match_required"
    message = "修改须携带 If-Match 请求头（取自读取时的 ETag）"
    english = "A change needs the If-Match header (the ETag of your reading)."


class TooMany(Problem):
    status, title, code = 429, "Too Many Requests", "too_many"
    message, english = "操作过于频繁，请稍后再试", "Too many attempts. Please try later."


def raises(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses` for the refusals a route declares."""
    found: dict[int | str, dict[str, Any]] = {}
    for problem in problems:
        entry = found.setdefault(
            problem.status,
            {
                "description": problem.title,
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
                },
            },
        )
        entry["content"]["application/problem+json"]["examples"][problem.code] = {
            "summary": problem.message,
            "value": {
                "type": f"urn:zhaoshang:{problem.code}",
                "title": problem.title,
                "status": problem.status,
                "detail": problem.message,
                "code": problem.code,
                "message": problem.message,
                "errors": [],
                "request_id": "5f0c6f0e9d3b4a1c",
            },
        }
    return found


# Pydantic's error types in Chinese. What is missing here falls back to a general sentence, never to English.
REASONS = {
    "missing": "必填",
    "extra_forbidden": "不认识的字段",
    "json_invalid": "不是合法的 JSON",
    "string_type": "应为文本",
    "string_too_short": "过短，至少 {min_length} 个字符",
    "string_too_long": "过长，至多 {max_length} 个字符",
    "string_pattern_mismatch": "格式不符",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "decimal_parsing": "应为十进制数",
    "decimal_type": "应为十进制数",
    "date_type": "应为日期（YYYY-MM-DD）",
    "date_parsing": "应为日期（YYYY-MM-DD）",
    "date_from_datetime_parsing": "应为日期（YYYY-MM-DD）",
    "date_from_datetime_inexact": "应为日期，不含时刻",
    "datetime_type": "应为带时区的时间",
    "datetime_parsing": "应为带时区的时间",
    "datetime_from_date_parsing": "应为带时区的时间",
    "timezone_aware": "时间须带时区",
    "enum": "不在可选值之中：{expected}",
    "literal_error": "不在可选值之中：{expected}",
    "list_type": "应为数组",
    "dict_type": "应为对象",
    "model_attributes_type": "应为对象",
    "model_type": "应为对象",
    "greater_than_equal": "不得小于 {ge}",
    "greater_than": "须大于 {gt}",
    "less_than_equal": "不得大于 {le}",
    "less_than": "须小于 {lt}",
    "too_short": "至少 {min_length} 项",
    "too_long": "至多 {max_length} 项",
    "union_tag_invalid": "{discriminator} 应为 {expected_tags} 之一",
    "union_tag_not_found": "缺少 {discriminator}",
    "value_error": "{error}",
}


def _chinese(text: str) -> bool:
    return any("一" <= character <= "鿿" for character in text)


def field_errors(errors: Iterable[Any], *, english: bool = False) -> list[FieldError]:
    """Pydantic's errors as ours: the path without `body`, the reason in words, no input. The first hundred of them."""
    found = []
    told = list(islice(errors, 100))
    for error in told:
        code, place = error["type"], [str(part) for part in error["loc"]]
        if code == "too_short" and any(_within(other["loc"], error["loc"]) for other in told):
            continue  # not too few of them, only wrong ones
        if len(place) > 1 and place[0] in ("body", "query", "path", "header", "cookie", "form"):
            place = place[:1] if code == "json_invalid" else place[1:]
        context = {key: str(value) for key, value in (error.get("ctx") or {}).items()}
        if "expected" in context and code in ("enum", "literal_error"):
            context["expected"] = context["expected"].replace("'", "").replace(" or ", "、").replace(", ", "、")
        if context.get("field_type") == "Value":  # text, measured after it was stripped
            code = f"string_{code}"
        reason = REASONS.get(code)
        if english and not _chinese(error["msg"]):
            reason = error["msg"]
        elif reason is None:
            # Our own checks raise PydanticCustomError with a Chinese message.
            reason = error["msg"] if _chinese(error["msg"]) else "不符合要求"
        else:
            for key, value in context.items():
                reason = reason.replace("{" + key + "}", value)
        # A field that we do not know has the name that the client gave it.
        found.append(FieldError(field=".".join(place)[:100], code=code, message=reason))
    return found


def _asks_english(request: Request) -> bool:
    return request.headers.get("accept-language", "").lower().startswith("en")


def _within(place: Sequence[Any], whole: Sequence[Any]) -> bool:
    """Is it the place of a part?"""
    return len(place) > len(whole) and tuple(place[: len(whole)]) == tuple(whole)


def problem_response(request: Request, problem: Problem) -> Response:
    """The answer that tells of a problem."""
    said = problem.said_in_english if _asks_english(request) else problem.said
    body = ProblemOut(
        type=f"urn:zhaoshang:{problem.code}",
        title=problem.title,
        status=problem.status,
        detail=said,
        code=problem.code,
        message=said,
        errors=problem.errors,
        request_id=request.scope.get("request_id", ""),
    )
    headers = dict(problem.headers)
    if problem.status == 401:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return Response(
        encode(body.model_dump()), status_code=problem.status, media_type="application/problem+json", headers=headers
    )


class _Framework(Problem):
    """What the framework itself refuses: unknown paths, methods, broken bodies."""

    def __init__(self, status: int, headers: dict[str, str] | None) -> None:
        known = {
            404: ("Not Found", "not_found", "没有这个地址", "There is no such address."),
            405: (NoSuchMethod.title, NoSuchMethod.code, NoSuchMethod.message, NoSuchMethod.english),
            413: ("Content Too Large", "too_large", "内容过大", "The content is too large."),
        }
        title, code, message, english = known.get(
            status, ("Bad Request", "bad_request", "请求有误", "The request is not right.")
        )
        super().__init__(message, english, headers=headers)
        vars(self).update(status=status, title=title, code=code)


class _Broken(Problem):
    status, title, code = 500, "Internal Server Error", "internal"
    message = "系统内部错误，已记录；请凭请求编号联系管理员"
    english = "Something broke here and was recorded. Tell the administrator the request id."


def _same_key(error: IntegrityError) -> bool:
    """Whether two wrote the same key at once; what one can see beforehand, the domain refuses in its own words."""
    return getattr(error.orig, "sqlstate", None) == "23505" or "UNIQUE constraint" in str(error.orig)


def _waited_in_a_ring(error: OperationalError) -> bool:
    """Whether the database ended one of two transactions that waited for each other; it can be asked for again."""
    return getattr(error.orig, "sqlstate", None) == "40P01"


def install(app: FastAPI) -> None:
    """Register the one handler of each kind of exception."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return problem_response(request, error)

    async def validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        errors = field_errors(error.errors(), english=_asks_english(request))
        said = "；".join(f"{item.field}：{item.message}" for item in errors[:5]) or Invalid.message
        return problem_response(request, Invalid(said, Invalid.english, errors=errors))

    async def framework(request: Request, error: Exception) -> Response:
        assert isinstance(error, StarletteHTTPException)
        headers = dict(error.headers) if error.headers else None
        return problem_response(request, _Framework(error.status_code, headers))

    async def broken(request: Request, error: Exception) -> Response:
        log.error("request_failed", request_id=request.scope.get("request_id"), exc_info=error)
        return problem_response(request, _Broken())

    async def clash(request: Request, error: Exception) -> Response:
        assert isinstance(error, IntegrityError)
        if not _same_key(error):
            return await broken(request, error)
        log.warning("same_key", request_id=request.scope.get("request_id"), exc_info=error)
        return problem_response(request, Conflict())

    async def crossed(request: Request, error: Exception) -> Response:
        assert isinstance(error, OperationalError)
        if not _waited_in_a_ring(error):
            return await broken(request, error)
        log.warning("crossed", request_id=request.scope.get("request_id"), exc_info=error)
        return problem_response(request, Crossed())

    app.add_exception_handler(Problem, ours)
    app.add_exception_handler(OperationalError, crossed)
    app.add_exception_handler(IntegrityError, clash)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(StarletteHTTPException, framework)
    app.add_exception_handler(Exception, broken)
