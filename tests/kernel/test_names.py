import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import lazy_pinyin

from app.kernel import names

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
ANY_NAME = st.text(st.one_of(HAN, st.sampled_from("ab1（）() -—·％_\\'")), max_size=20)


def test_normalise_unifies_what_people_type() -> None:
    assert names.normalise(" 重庆（黔江）\nＡＢＣ—１\u200b ") == "重庆(黔江)abc-1"
    assert names.normalise("【一期】") == names.normalise("(一期)")


@given(ANY_NAME)
def test_normalise_and_squash_are_stable(text: str) -> None:
    assert names.normalise(names.normalise(text)) == names.normalise(text)
    assert names.squash(names.normalise(text)) == names.squash(text)
    assert names.squash(f" {text}\t") == names.squash(text)


@pytest.mark.parametrize(
    ("text", "full", "first"),
    [
        ("张三", "zhangsan", "zs"),
        ("重庆", "chongqing", "cq"),
        ("黔江区", "qianjiangqu", "qjq"),
        ("重医附一院", "zhongyifuyiyuan", "zyfyy"),
        ("绿色女装", "lvsenvzhuang", "lsnz"),
        ("厦门银行", "xiamenyinhang", "xmyh"),
        ("曾国", "zengguo", "zg"),
        ("朝阳", "chaoyang", "cy"),
        ("ＡＢ 玻纤（2期）", "abboxian2qi", "abbx2q"),
        ("①é—", "1", "1"),
        ("", "", ""),
    ],
)
def test_pinyin_and_initials(text: str, full: str, first: str) -> None:
    assert names.pinyin(text) == full
    assert names.initials(text) == first


@given(ANY_NAME)
def test_pinyin_is_ascii(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9]*", names.pinyin(text))


@pytest.mark.parametrize(
    "name", ["正阳新材料产业园", "重庆市黔江区人民政府", "茧丝绸循环经济", "长安汽车零部件", "成都银行音乐厅"]
)
def test_pinyin_agrees_with_the_package(name: str) -> None:
    assert names.syllables(name) == lazy_pinyin(name)


def test_pinyin_of_ten_thousand_names_is_quick() -> None:
    many = [
        f"重庆{a}{b}新材料科技有限公司第{i}期项目"
        for i, (a, b) in enumerate(zip("正泰恒隆" * 2500, "丰源宏远" * 2500, strict=True))
    ]
    before = time.process_time()
    assert len({names.pinyin(name) for name in many}) == 10_000
    assert time.process_time() - before < 1.5


def _found(query: str, key: str) -> bool:
    """What ``key LIKE pattern ESCAPE '\\'`` answers."""
    pattern, parts, position = names.like(query), [], 0
    while position < len(pattern):
        if pattern[position] == names.LIKE_ESCAPE:
            position += 1
            parts.append(re.escape(pattern[position]))
        else:
            parts.append({"%": ".*", "_": "."}.get(pattern[position], re.escape(pattern[position])))
        position += 1
    return re.fullmatch("".join(parts), key, re.DOTALL) is not None


@pytest.mark.parametrize(
    "query", ["卷烟", "黔江 卷烟", "（二期）", "juanyan", "QJJY", "500114-2020", "2020-0046", "", "烟(二"]
)
def test_search_finds(query: str) -> None:
    assert _found(query, names.search_key("黔江卷烟（二期）", "500114-2020-0046", None))


@pytest.mark.parametrize("query", ["%", "_", "\\", "二期500114", "100%x", "卷%期"])
def test_search_does_not_find(query: str) -> None:
    assert not _found(query, names.search_key("黔江卷烟（二期）", "500114-2020-0046"))


@given(st.text(st.one_of(HAN, st.sampled_from("ab1（）- ")), min_size=1, max_size=12), st.data())
def test_search_finds_every_part_of_a_name(name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(name) - 1))
    part = name[start : data.draw(st.integers(start + 1, len(name)))]
    if names.squash(part):
        assert _found(part, names.search_key(name))
        assert _found(names.squash(name), names.search_key(name))


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("重庆市黔江区正阳新材料有限公司", "正阳新材料"),
        ("正阳新材料（重庆）集团股份有限公司", "正阳新材料"),
        ("重庆黔江正阳新材料有限责任公司", "正阳新材料"),
        ("朝阳轮胎有限公司", "朝阳轮胎"),
        ("重庆有限公司", "重庆"),
        ("中新杏鲍菇（绿雅）", "中新杏鲍菇绿雅"),
        ("集团", "集团"),
        ("", ""),
    ],
)
def test_core_name(text: str, core: str) -> None:
    assert names.core_name(text) == core


def test_similarity() -> None:
    assert names.similarity("重庆市黔江区正阳新材料有限公司", "正阳新材料(集团)") == 100
    assert 90 <= names.similarity("浩瀚科技", "皓瀚科技") < 100
    assert 85 <= names.similarity("正阳新材料", "正阳新材料产业园") < 100
    assert names.similarity("重庆正阳有限公司", "重庆恒远有限公司") < 50
    assert names.similarity("", "正阳") == 0


@given(ANY_NAME, ANY_NAME)
def test_similarity_is_symmetric_and_bounded(left: str, right: str) -> None:
    assert 0 <= names.similarity(left, right) <= 100
    assert names.similarity(left, right) == pytest.approx(names.similarity(right, left))
    if names.core_name(left):
        assert names.similarity(left, left) == 100


def test_best_matches() -> None:
    known = {
        1: ["正阳新材料有限公司"],
        2: ["恒远纺织"],
        3: ["另一个名字", "重庆正阳新材料（集团）"],
        4: ["正阳新材料二期"],
        5: [],
    }
    found = names.best_matches("正阳新材料", known, limit=3, cutoff=80)
    assert [key for key, _ in found] == [1, 3, 4]
    assert found[0][1] == 100
    assert names.best_matches("正阳新材料", known, limit=1) == [(1, 100.0)]
    assert names.best_matches("完全无关", known) == []


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("中新杏鲍菇（绿雅杏鲍菇）", ["中新杏鲍菇", "绿雅杏鲍菇"]),
        ("中新杏鲍菇 (原名：绿雅杏鲍菇)", ["中新杏鲍菇", "绿雅杏鲍菇"]),
        ("卷烟配套（二期）", ["卷烟配套（二期）"]),
        ("正阳（重庆市）", ["正阳（重庆市）"]),
        ("正阳（集团）有限公司", ["正阳（集团）有限公司"]),
        ("玻纤（增资5000万元）", ["玻纤（增资5000万元）"]),
        ("正阳", ["正阳"]),
        ("  ", []),
    ],
)
def test_split_alternatives(text: str, split: list[str]) -> None:
    assert names.split_alternatives(text) == split
