"""Chinese administrative regions by their GB/T 2260 code, and by what people call them.

The names come from the table packaged with python-stdnum, which also knows codes that were given up. A code keeps
its meaning after a reform, so given-up codes stay valid and keep their last name; looking for a *name* prefers the
regions of today.
"""

import re
import unicodedata
from collections import defaultdict
from functools import cache
from typing import Literal, NamedTuple

from stdnum import numdb

Level = Literal["province", "prefecture", "county"]

_NAMED_PERIOD = re.compile(r"\[([0-9]*)-([0-9]*)\]([^,]+)")
_SIMPLIFIED = {"香港特別行政區": "香港特别行政区", "澳門特別行政區": "澳门特别行政区"}
# Rows of the standard that group counties and name no place.
_GROUPING = re.compile(r"市辖区|县|市|.*直辖.*行政(区划|单位)")
_SUFFIX = re.compile(
    r"(特别行政区|自治区|自治州|自治县|自治旗|行政区|新区|林区|特区|矿区|地区|省|市|区|县|盟|旗|州|左旗|右旗)$"
)
# Longer names first: 土家族 is not 土族.
_PEOPLES = (
    r"柯尔克孜|乌孜别克|维吾尔|哈萨克|达斡尔|塔吉克|俄罗斯|鄂温克|塔塔尔|鄂伦春|蒙古|布依|"
    r"朝鲜|土家|哈尼|傈僳|高山|拉祜|东乡|纳西|景颇|仫佬|布朗|撒拉|毛南|仡佬|锡伯|阿昌|"
    r"普米|德昂|保安|裕固|独龙|赫哲|门巴|珞巴|基诺|回|藏|苗|彝|壮|满|侗|瑶|白|傣|黎|"
    r"佤|畲|水|土|羌|怒|京|各"
)
_PEOPLE = re.compile(rf"(?:(?:{_PEOPLES})族|蒙古|哈萨克|柯尔克孜|维吾尔|塔吉克|锡伯)+$")
_LONGEST = 16  # characters in the longest name
_BETWEEN = re.compile(r"[-·•/\\,，>|]")


class Region(NamedTuple):
    """One row of the standard: ``name`` is its own name, not the whole path; ``current`` unless given up."""

    code: str
    name: str
    current: bool

    @property
    def level(self) -> Level:
        if self.code.endswith("0000"):
            return "province"
        return "prefecture" if self.code.endswith("00") else "county"


def region_name(code: str) -> str:
    """The full name: ``"500114"`` is ``"重庆市黔江区"``. Raises ValueError (Chinese) for an unknown code."""
    code = check_region(code)
    regions = _regions()
    path = dict.fromkeys((code[:2] + "0000", code[:4] + "00", code))
    return "".join(
        regions[step].name for step in path if step in regions and not _GROUPING.fullmatch(regions[step].name)
    )


def check_region(text: str) -> str:
    """The six digits of a known region. Raises ValueError (Chinese) otherwise."""
    code = unicodedata.normalize("NFKC", text).strip()
    if not re.fullmatch(r"[0-9]{6}", code):
        raise ValueError("行政区划代码应为 6 位数字")
    if code not in _regions():
        raise ValueError("行政区划代码不存在")
    return code


def find_region(text: str) -> str | None:
    """The code of a region as people write it, or None: 浙江, 浙江省, 北京, 江苏海安, 重庆永川, 深圳市, 500114.

    The whole text must be names of regions, from the larger to the smaller; levels between may be left out. A name
    that several regions share means the province, else the prefecture, else nothing: a guess would be worse.
    """
    rest = _BETWEEN.sub("", "".join(unicodedata.normalize("NFKC", text).split()))
    if re.fullmatch(r"[0-9]{6}", rest):
        try:
            return check_region(rest)
        except ValueError:
            return None
    rest = rest.removeprefix("中国")
    return _resolve(rest, "") if rest else None


def leading_region(text: str) -> int:
    """How many characters at the start of ``text`` name regions; 0 if none.

    Provinces count by their short names too (重庆, 重庆市); smaller places only in full (黔江区), because many of
    their short names are words (朝阳, 和平) — unless their province stands before them (重庆黔江).
    """
    position, within = 0, ""
    while True:
        for length in range(min(_LONGEST, len(text) - position), 1, -1):
            found = _leading(text[position : position + length], within)
            if found:
                break
        else:
            return position
        position += length
        if len(found) > 1:  # several share the name: a region, but what lies inside is not known
            return position
        within = found[0].code


def _leading(name: str, within: str) -> list[Region]:
    found = [region for region in _by_name().get(name, ()) if _inside(region.code, within)]
    if not within:
        found = [region for region in found if region.level == "province" or region.name == name]
    return [region for region in found if region.current] or found


def _inside(code: str, parent: str) -> bool:
    """Whether ``code`` lies below ``parent``; everything lies below ``""``."""
    return code != parent and code.startswith(re.sub(r"(00)+$", "", parent))


def _resolve(text: str, parent: str) -> str | None:
    """``text`` as names of regions below ``parent``, trying the longest first name first."""
    for length in range(min(_LONGEST, len(text)), 0, -1):
        rest = text[length:]
        found = [region for region in _by_name().get(text[:length], ()) if _inside(region.code, parent)]
        if not found and not rest and text.endswith("县"):  # 秀山县, for an autonomous county
            found = [region for region in _by_name().get(_short(text), ()) if _inside(region.code, parent)]
            found = [region for region in found if region.level == "county"]
        if found and not rest:
            return _meant(found, text, parent)
        # 重庆市 was once a city of 四川省: what lies in the regions of today goes before what lay in those given up.
        for current in (True, False):
            inner = (_resolve(rest, region.code) for region in found if region.current is current)
            below = {code for code in inner if code is not None}
            if len(below) == 1:
                return below.pop()
    return None


def _meant(found: list[Region], name: str, parent: str) -> str | None:
    """The one region that a shared name means, or None.

    Today's regions before those given up; the full name before a short one; then the highest level. A county that
    became a city or an autonomous county keeps being called by its old name (海安县): the successor is meant.
    """
    if not any(region.current for region in found):
        heirs = [r for r in _by_name().get(_short(name), ()) if r.current and _inside(r.code, parent)]
        found = heirs or found
    ranked = defaultdict(list)
    for region in found:
        order = ("province", "prefecture", "county").index(region.level)
        ranked[(not region.current, region.name != name, order)].append(region.code)
    best = ranked[min(ranked)]
    if len(best) > 1:  # the table keeps 神农架林区 under two codes; places without a prefecture are in group 90 today
        best = [code for code in best if code[2:4] == "90"]
    return best[0] if len(best) == 1 else None


@cache
def _regions() -> dict[str, Region]:
    regions: dict[str, Region] = {}
    for _, province, _, _, counties in numdb.get("cn/loc").prefixes:
        for _, rest, _, properties, _ in counties:
            spelled = properties["county"]
            dated = _NAMED_PERIOD.findall(spelled)
            name, current = (dated[-1][2], not dated[-1][1]) if dated else (spelled, True)
            regions[province + rest] = Region(province + rest, _SIMPLIFIED.get(name, name), current)
    return regions


@cache
def _by_name() -> dict[str, list[Region]]:
    """Regions by full and by short name. A short name keeps at least two characters: 忠县 is not 忠."""
    names: dict[str, list[Region]] = defaultdict(list)
    for region in _regions().values():
        if _GROUPING.fullmatch(region.name):
            continue
        for name in {region.name, _short(region.name)}:
            names[name].append(region)
    return dict(names)


def _short(name: str) -> str:
    if name == "内蒙古自治区":  # the one whose short name ends like a people's
        return "内蒙古"
    short = _SUFFIX.sub("", name)
    if "自治" in name:
        short = _PEOPLE.sub("", short) or short.removesuffix("族")
    return short if len(short) >= 2 else name
