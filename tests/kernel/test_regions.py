import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel import regions


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("500114", "重庆市黔江区"),
        ("500000", "重庆市"),
        ("500100", "重庆市"),
        ("320685", "江苏省南通市海安市"),
        ("320621", "江苏省南通市海安县"),
        ("429004", "湖北省仙桃市"),
        ("440300", "广东省深圳市"),
        ("810000", "香港特别行政区"),
        (" ５００１１４ ", "重庆市黔江区"),
    ],
)
def test_region_name(code: str, name: str) -> None:
    assert regions.region_name(code) == name


@pytest.mark.parametrize("code", ["", "50011", "5001140", "999999", "5001l4", "500199"])
def test_unknown_region_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="行政区划代码"):
        regions.check_region(code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("浙江", "330000"), ("浙江省", "330000"), ("北京", "110000"), ("江苏海安", "320685"), ("重庆永川", "500118"),
        ("重庆市黔江区", "500114"), ("黔江", "500114"), ("重庆·永川", "500118"), ("广东省深圳市南山区", "440305"),
        ("深圳", "440300"), ("苏州昆山", "320583"), ("义乌", "330782"), ("内蒙古", "150000"), ("广西", "450000"),
        ("新疆", "650000"), ("香港", "810000"), ("中国香港", "810000"), ("吉林", "220000"), ("长沙", "430100"),
        ("长沙县", "430121"), ("酉阳", "500242"), ("恩施", "422800"), ("浦东新区", "310115"), ("500114", "500114"),
        # Called by what it was, or by what it never quite was.
        ("海安县", "320685"), ("江苏省海安县", "320685"), ("秀山县", "500241"), ("湖北神农架", "429021"),
        # Nothing to guess at.
        ("德国", None), ("浙江商会", None), ("北京上海", None), ("桥西区", None), ("市辖区", None), ("", None),
        ("999999", None),
    ],
)  # fmt: skip
def test_find_region(text: str, code: str | None) -> None:
    assert regions.find_region(text) == code


def test_every_region_of_today_is_found_by_its_full_name() -> None:
    lost = []
    for region in regions._regions().values():
        full = regions.region_name(region.code)
        if region.current and full.endswith(region.name):
            found = regions.find_region(full)
            if found is None or regions.region_name(found) != full:
                lost.append(region)
    assert len(regions._regions()) > 6000
    # The table keeps these two under codes of before and after.
    assert {region.name for region in lost} <= {"随州市", "神农架林区"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("重庆市黔江区正阳", "重庆市黔江区"),
        ("重庆黔江正阳", "重庆黔江"),
        ("深圳市大疆", "深圳市"),
        ("朝阳轮胎", ""),
        ("正阳", ""),
        ("上海", "上海"),
    ],
)
def test_leading_region(text: str, named: str) -> None:
    assert text[: regions.leading_region(text)] == named


@given(st.text(max_size=12))
def test_any_text_is_found_or_not(text: str) -> None:
    code = regions.find_region(text)
    assert code is None or regions.check_region(code) == code
