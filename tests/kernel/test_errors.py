"""Every refusal is one document: what, why, in whose language; never what was sent, never how it is built."""

import json
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ValidationError
from starlette.testclient import TestClient

from app.kernel.bodies import JSON_LIMIT
from app.kernel.errors import REASONS, Forbidden, NotFound, Stale, field_errors, raises

NEWEST_ONLY = True  # what is said of a refusal, not its statements

SENT = "eyJ秘密"


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The body, having looked at all that every refusal has."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "code", "message", "errors", "request_id"}
    assert body["status"] == status
    assert body["type"] == f"urn:zhaoshang:{code}"
    assert body["detail"] == body["message"]
    assert body["title"] and body["title"].isascii()
    assert body["request_id"] == answer.headers["x-request-id"] != ""
    assert SENT not in answer.text
    assert "Traceback" not in answer.text
    return body


def test_unknown_addresses_and_methods(nobody: TestClient) -> None:
    assert problem(nobody.get(f"/nowhere/{SENT}"), 404, "not_found")["message"] == "没有这个地址"
    refused = nobody.delete("/lab/things")
    assert problem(refused, 405, "method_not_allowed")["message"] == "此地址不支持该方法"
    assert refused.headers["allow"]


def test_who_is_not_logged_in(nobody: TestClient) -> None:
    for client_header in ({}, {"Authorization": f"Bearer zs_{'x' * 20}"}, {"Authorization": "Basic eDp5"}):
        answer = nobody.get("/lab/things", headers=client_header)
        problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_who_may_not(as_: Any) -> None:
    problem(as_("leader").post("/lab/things", json={"code": SENT}), 403, "forbidden")


def test_what_is_not_there(editor: TestClient) -> None:
    problem(editor.get(f"/lab/things/{SENT}"), 404, "not_found")


def test_preconditions(editor: TestClient) -> None:
    editor.post("/lab/things", json={"code": "a"})
    problem(editor.patch("/lab/things/a", json={"code": "b"}), 428, "if_match_required")
    problem(editor.patch("/lab/things/a", json={"code": "b"}, headers={"If-Match": '"9-1"'}), 412, "stale")


def test_a_domain_says_more(editor: TestClient) -> None:
    answer = editor.post("/lab/refuses?what=conflict")
    assert problem(answer, 409, "conflict")["message"] == "冲突了"
    assert answer.headers["x-why"] == "clash"
    answer = editor.post("/lab/refuses?what=many")
    problem(answer, 429, "too_many")
    assert answer.headers["retry-after"] == "60"
    body = problem(editor.post("/lab/refuses?what=field"), 422, "invalid")
    assert body["errors"] == [{"field": "day", "code": "order", "message": "早于上一日期"}]
    assert body["message"] == "day：早于上一日期"


def test_what_breaks_inside_stays_inside(editor: TestClient) -> None:
    body = problem(editor.post("/lab/refuses?what=break"), 500, "internal")
    assert "secret" not in json.dumps(body, ensure_ascii=False)
    assert "请求编号" in body["message"]


WRONG = [
    ({}, "code", "missing", "必填"),
    ({"code": SENT, "extra": SENT}, "extra", "extra_forbidden", "不认识的字段"),
    ({"code": 5}, "code", "string_type", "应为文本"),
    ({"code": ""}, "code", "string_too_short", "过短，至少 1 个字符"),
    ({"code": SENT * 100}, "code", "string_too_long", "过长，至多 200 个字符"),
    ({"code": f"{SENT}\x00"}, "code", "control_character", "不得含换行或控制字符"),
    ({"code": f"{SENT}\n{SENT}"}, "code", "control_character", "不得含换行或控制字符"),
    ({"code": "a", "note": f"{SENT}\x00"}, "note", "control_character", "不得含控制字符"),
    ({"code": "a", "amount": f"1{SENT}"}, "amount", "money", "金额应为以元为单位的十进制数"),
    ({"code": "a", "amount": 1.5}, "amount", "money", "浮点数"),
    ({"code": "a", "amount": "-1"}, "amount", "money_negative", "不能为负"),
    ({"code": "a", "kind": SENT}, "kind", "enum", "bureau"),
    ({"code": "a", "day": SENT}, "day", "date_parsing", "YYYY-MM-DD"),
    ({"code": "a", "day": 0}, "day", "date_parsing", "YYYY-MM-DD"),
    ({"code": "a", "day": "20200312"}, "day", "date_parsing", "YYYY-MM-DD"),
    ({"code": "a", "day": "2020-03-12T00:00:00"}, "day", "date_parsing", "YYYY-MM-DD"),
    ({"code": "a", "day": "２０２０-03-12"}, "day", "date_parsing", "YYYY-MM-DD"),
    ({"code": "a", "day": "2020-02-30"}, "day", "date_from_datetime_parsing", "YYYY-MM-DD"),
    ({"code": "a", "numbers": [1, SENT]}, "numbers.1", "int_parsing", "应为整数"),
    ({"code": "a", "numbers": [1, 2, 3, 4]}, "numbers", "too_long", "至多 3 项"),
    ([], "body", "model_attributes_type", "应为对象"),
    (SENT, "body", "model_attributes_type", "应为对象"),
]


@pytest.mark.parametrize(("body", "field", "code", "message"), WRONG)
def test_what_is_wrong_is_named_in_chinese(body: Any, field: str, code: str, message: str, editor: TestClient) -> None:
    answer = problem(editor.post("/lab/things", json=body), 422, "invalid")
    (error,) = answer["errors"]
    assert (error["field"], error["code"]) == (field, code)
    assert message in error["message"]
    assert f"{field}：{error['message']}" == answer["message"]


def test_english_is_spoken_on_demand(editor: TestClient, nobody: TestClient) -> None:
    english = {"Accept-Language": "en-GB,en;q=0.9,zh;q=0.5"}
    assert problem(nobody.get("/nowhere", headers=english), 404, "not_found")["message"] == "There is no such address."
    body = problem(editor.post("/lab/refuses?what=conflict", headers=english), 409, "conflict")
    assert body["message"] == "It clashes."
    body = problem(editor.post("/lab/things", json={"code": 5}, headers=english), 422, "invalid")
    assert body["message"].isascii()
    assert body["errors"][0]["message"] == "Input should be a valid string"
    chinese = {"Accept-Language": "zh-CN,en;q=0.5"}
    assert problem(nobody.get("/nowhere", headers=chinese), 404, "not_found")["message"] == "没有这个地址"


def test_a_long_unknown_name_is_cut_and_many_errors_are_few(editor: TestClient) -> None:
    body = problem(editor.post("/lab/things", json={"code": "a", "n" * 5000: 1}), 422, "invalid")
    assert len(body["errors"][0]["field"]) == 100
    body = problem(editor.post("/lab/things", json={"code": "a"} | {f"x{n}": 1 for n in range(5000)}), 422, "invalid")
    assert len(body["errors"]) == 100


BROKEN = {
    "cut off": b'{"code": "eyJ\xe7\xa7\x98',
    "not json": "eyJ秘密".encode(),
    "not utf-8": b'{"code": "\xff\xfe"}',
    "too deep": b"[" * 100_000 + b"]" * 100_000,
    "deep inside": b'{"code": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "a number too long": b'{"code": "a", "numbers": [' + b"9" * 10_000 + b"]}",
    "an exponent too big": b'{"code": "a", "amount": 1e999999}',
    "not a number": b'{"code": "a", "amount": NaN}',
    "half a character": b'{"code": "\\ud800"}',
    "a null character": b'{"code": "a\\u0000b"}',
    "empty": b"",
    "null": b"null",
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_bodies_are_the_clients_fault(what: str, editor: TestClient) -> None:
    answer = editor.post("/lab/things", content=BROKEN[what], headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), (what, answer.text[:300])
    problem(answer, answer.status_code, "bad_request" if answer.status_code == 400 else "invalid")


def test_broken_json_says_so(editor: TestClient) -> None:
    answer = editor.post("/lab/things", content=b'{"code": ', headers={"Content-Type": "application/json"})
    (error,) = problem(answer, 422, "invalid")["errors"]
    assert error == {"field": "body", "code": "json_invalid", "message": "不是合法的 JSON"}


def test_a_body_that_is_announced_too_large_is_refused_unread(nobody: TestClient) -> None:
    answer = nobody.post("/lab/things", content=b"x" * (JSON_LIMIT + 1))
    assert problem(answer, 413, "too_large")["message"] == "内容过大"


def test_a_body_that_turns_out_too_large_is_refused(editor: TestClient) -> None:
    def pieces() -> Any:
        for _ in range(JSON_LIMIT // 65536 + 1):
            yield b" " * 65536

    answer = editor.post("/lab/things", content=pieces(), headers={"Content-Type": "application/json"})
    assert "content-length" not in answer.request.headers
    problem(answer, 413, "too_large")


def test_a_body_of_the_limit_is_read(editor: TestClient) -> None:
    body = b'{"code": "a"}'
    answer = editor.post(
        "/lab/things", content=body + b" " * (JSON_LIMIT - len(body)), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 201


@pytest.mark.parametrize("given", ["req-1.a_B", "", "x" * 65, "ä", "a b", "a\tb"])
def test_a_request_keeps_the_id_it_brings_if_it_is_one(given: str, nobody: TestClient) -> None:
    answer = nobody.get("/nowhere", headers={"X-Request-Id": given.encode()})
    body = problem(answer, 404, "not_found")
    if given == "req-1.a_B":
        assert body["request_id"] == given
    else:
        assert body["request_id"] != given
        assert len(body["request_id"]) == 16


def test_declared_refusals_are_described_with_an_example() -> None:
    described = raises(NotFound, Stale, Forbidden)
    assert set(described) == {404, 412, 403}
    example = described[412]["content"]["application/problem+json"]["examples"]["stale"]["value"]
    assert (example["code"], example["status"], example["message"]) == ("stale", 412, Stale.message)


def test_choices_are_listed_without_english() -> None:
    class Body(BaseModel):
        way: Literal["half_up", "down"]

    with pytest.raises(ValidationError) as refused:
        Body.model_validate({"way": "up"})
    assert [error.message for error in field_errors(refused.value.errors())] == ["不在可选值之中：half_up、down"]


def test_reasons_are_chinese() -> None:
    assert [code for code, reason in REASONS.items() if reason.isascii() and code != "value_error"] == []
