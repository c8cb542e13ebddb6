"""How papers write days, changes and amounts."""

from datetime import date, datetime
from typing import Any

from app.kernel import calendar
from app.kernel.money import Unit, in_unit, parse_yuan

NOTHING = "—"
"""What stands in a cell where there is no value."""


def day(of: date | datetime) -> str:
    """2020年9月3日; of an instant the day in Shanghai."""
    on = calendar.day_of(of) if isinstance(of, datetime) else of
    return f"{on.year}年{on.month}月{on.day}日"


def short_day(text: str, beside: int) -> str:
    """8月18日 in the year `beside`, else 2020年8月18日."""
    on = date.fromisoformat(text)
    return f"{on.month}月{on.day}日" if on.year == beside else day(on)


def days(first: str, last: str, beside: int) -> str:
    """8月18日, 8月18日至20日, 8月31日至9月2日: the first day and what differs of the last."""
    one, other = date.fromisoformat(first), date.fromisoformat(last)
    begin = short_day(first, beside)
    if one == other:
        return begin
    if (one.year, one.month) == (other.year, other.month):
        return f"{begin}至{other.day}日"
    return f"{begin}至{short_day(last, one.year)}"


def listed(names: list[str]) -> str:
    """Names one after the other."""
    return "、".join(names) or "无"


def arrow(change: str | None) -> str:
    """A change in a cell: ↑33.3%, ↓1.2个百分点, 持平, or — where the years cannot be compared."""
    if change is None:
        return NOTHING
    if _is_zero(change):
        return "持平"
    return f"↓{change[1:]}" if change.startswith("-") else f"↑{change}"


def grown(change: str | None) -> str:
    """The same in a sentence: ，同比增长33.3%; nothing where the years cannot be compared."""
    if change is None:
        return ""
    if _is_zero(change):
        return "，同比持平"
    up, down = ("提高", "下降") if change.endswith("个百分点") else ("增长", "下降")
    return f"，同比{down}{change[1:]}" if change.startswith("-") else f"，同比{up}{change}"


def _is_zero(change: str) -> bool:
    return not any(digit in "123456789" for digit in change)


def amount(yuan: Any, unit: Unit = "万元") -> str:
    """Yuan as the API has them, as a number of 万元 or 亿元; — where there is none."""
    return NOTHING if yuan is None else in_unit(parse_yuan(yuan), unit, trim=True)


def number(value: Any) -> str:
    """A count, or days: 3, 2.5."""
    return NOTHING if value is None else str(value).removesuffix(".0")


def projects(found: dict[str, Any], beside: int) -> dict[str, Any]:
    """A `NamedList`: the open projects, and a note of those that are only counted."""
    items = [
        {
            "no": str(place),
            "name": project["name"],
            "unit": project["unit"] or NOTHING,
            "on": short_day(project["on"], beside),
            "amount": amount(project["amount"]),
        }
        for place, project in enumerate(found["items"], 1)
    ]
    more = "另有" if items else "有"
    withheld = f"{more}{found['withheld']}个项目计入而不列名。" if found["withheld"] else ""
    return {"items": items, "note": withheld if items else withheld or "无。"}
