from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError
from stdnum.cn import uscc

from app.kernel import codes

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCCS = st.tuples(
    st.text(ALPHABET, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(ALPHABET, min_size=9, max_size=9),
).map(lambda parts: "".join(parts) + uscc.calc_check_digit("".join(parts)))


@pytest.mark.parametrize("code", ["11500114MB1912255L", "91350100M000100Y43"])
def test_published_usccs_are_valid(code: str) -> None:
    assert codes.check_uscc(code) == code


def test_uscc_is_put_into_one_spelling() -> None:
    assert codes.check_uscc("　１１５００１１４ｍｂ191\n2255l\u200b") == "11500114MB1912255L"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("91350100M000100Y4Z", "应为 3"),
        ("91350100M000100Y44", "应为 3"),
        ("91350100M000100Y4", "现为 17 位"),
        ("", "现为 0 位"),
        ("91350100O000100Y43", "第 9 位"),
        ("913501A0M000100Y43", "第 7 位"),
        ("913501٠0M000100Y43", "第 7 位"),
    ],
)
def test_wrong_uscc_says_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        codes.check_uscc(text)


@given(USCCS)
def test_uscc_with_its_check_character_is_valid(code: str) -> None:
    assert codes.check_uscc(code.lower()) == code


@given(USCCS, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_any_single_wrong_character_is_noticed(code: str, place: int, character: str) -> None:
    assume(code[place] != character)
    with pytest.raises(ValueError, match="统一社会信用代码"):
        codes.check_uscc(code[:place] + character + code[place + 1 :])


def test_project_code_checks_the_shape_and_warns() -> None:
    assert codes.check_project_code("2020-500114-29-03-123456") == ("2020-500114-29-03-123456", [])
    assert codes.check_project_code(" ２０２０—500114—29—03—123456")[0] == "2020-500114-29-03-123456"
    assert codes.check_project_code("20205001142903123456")[0] == "2020-500114-29-03-123456"
    assert codes.check_project_code("2020-500118-29-03-123456")[1] == ["国家项目代码的地区是重庆市永川区，不是本区"]
    assert codes.check_project_code("2020-500118-29-03-123456", district="500118")[1] == []
    assert len(codes.check_project_code("1020-999999-29-03-123456")[1]) == 2


@pytest.mark.parametrize(
    "text", ["", "2020-500114-29-03-12345", "2020-5001144-29-03-23456", "2020_500114_29_03_123456"]
)
def test_project_code_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="24 位"):
        codes.check_project_code(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("C3042", "C3042"),
        ("3042", "C3042"),
        ("c30", "C30"),
        ("Ａ", "A"),
        ("017", "A017"),
        ("T97", "T97"),
        (" 83 ", "P83"),
    ],
)
def test_industry(text: str, code: str) -> None:
    assert codes.check_industry(text) == code


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "例如"),
        ("U", "A 至 T"),
        ("C1", "例如"),
        ("C30421", "例如"),
        ("A3042", "门类 C"),
        ("00", "不存在"),
        ("9801", "不存在"),
    ],
)
def test_wrong_industry_says_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        codes.check_industry(text)


def test_every_division_has_one_section() -> None:
    sections = [codes.check_industry(f"{division:02d}")[0] for division in range(1, 98)]
    assert sections == sorted(sections)
    assert set(sections) == set("ABCDEFGHIJKLMNOPQRST")
    assert codes.industry_section("C3042") == "制造业"


class Sheet(BaseModel):
    uscc: codes.Uscc
    region: codes.RegionCode
    industry: codes.IndustryClass
    national: codes.NationalProjectCode | None = None


GOOD = {"uscc": "11500114mb1912255l", "region": "330000", "industry": "3042", "national": "2020-500114-29-03-123456"}


def test_fields_normalise() -> None:
    sheet = Sheet.model_validate(GOOD)
    assert (sheet.uscc, sheet.industry) == ("11500114MB1912255L", "C3042")


@pytest.mark.parametrize("field", list(GOOD))
def test_fields_refuse_in_chinese_with_a_code_of_their_own(field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Sheet.model_validate({**GOOD, field: "X1"})
    [error] = refusal.value.errors()
    assert error["type"] not in ("value_error", "assertion_error")
    assert "代码" in error["msg"]


@pytest.mark.parametrize("kind", [codes.Uscc, codes.RegionCode, codes.IndustryClass, codes.NationalProjectCode])
def test_fields_describe_themselves(kind: Any) -> None:
    adapter: TypeAdapter[str] = TypeAdapter(kind)
    schema = adapter.json_schema()
    assert schema["description"]
    for example in schema["examples"]:
        assert adapter.validate_python(example) == example
