"""By what figures are broken down and filtered, and what the parts are called."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, bindparam, case, func, null, select

from app.facts.enterprises.models import OWNERSHIP_LABELS, Enterprise
from app.facts.projects.models import Project
from app.facts.projects.rules import Band, ScaleRule, bands_of
from app.facts.projects.terms import (
    CHANNEL_LABELS,
    KIND_LABELS,
    SECTOR_LABELS,
    STAGE_LABELS,
    STATUS_LABELS,
)
from app.facts.projects.units import responsible_on
from app.facts.tickets.terms import TICKET_CATEGORY_LABELS
from app.figures.buckets import bucket
from app.figures.sources import Source
from app.identity.units.models import TIER_LABELS, Unit, UnitTerm
from app.kernel.calendar import PartKind, Period, iso_week
from app.kernel.codes import industry_section
from app.kernel.db import Fen
from app.kernel.errors import Invalid
from app.kernel.regions import region_name
from app.kernel.statements import Statement

NONE = "none"
"""The part of what has no value in this dimension."""
OTHER = "other"
"""The part into which goes what an actor may not see broken down."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What parts and their names depend on: the rules in force, and the day names are asked for."""

    scale: ScaleRule
    groups: Mapping[str, str]
    day: date


class Unknown(Exception):
    """No part of the dimension has this key; the argument says in Chinese which there are."""


@dataclass(frozen=True)
class Names:
    """How the database's values of one dimension become keys and labels, and back. As it stands: for free text."""

    labels: Mapping[str, str] = field(default_factory=dict)

    def key(self, raw: Any) -> str:
        """The key of a value; several values may share one."""
        return str(raw)

    def raws(self, key: str) -> tuple[Any, ...]:
        """The values that a key stands for."""
        return (key,)

    def label(self, key: str) -> str:
        return self.labels.get(key, key)

    def place(self, key: str) -> Any:
        """Where a part stands among the others."""
        return key

    def all(self) -> list[tuple[str, str]] | None:
        """Every key with its label; None where they are not a closed list."""
        return None


@dataclass(frozen=True)
class Words(Names):
    """A closed list. `groups` says which words are counted as another."""

    groups: Mapping[str, str] = field(default_factory=dict)

    def key(self, raw: Any) -> str:
        return self.groups.get(str(raw), str(raw))

    def raws(self, key: str) -> tuple[Any, ...]:
        found = tuple(word for word in self.labels if self.groups.get(word, word) == key)
        if not found:
            raise Unknown("可用的值：" + "、".join(f"{k}（{label}）" for k, label in self.all()))
        return found

    def place(self, key: str) -> Any:
        return list(self.labels).index(key)

    def all(self) -> list[tuple[str, str]]:
        return [(word, label) for word, label in self.labels.items() if self.groups.get(word, word) == word]


@dataclass(frozen=True)
class Times(Names):
    """The periods of one kind."""

    kind: PartKind = "year"

    def key(self, raw: Any) -> str:
        return iso_week(date.fromisoformat(raw)) if self.kind == "week" else str(raw)

    def raws(self, key: str) -> tuple[Any, ...]:
        try:
            period = Period.parse(key)
        except ValueError as error:
            raise Unknown(str(error)) from None
        if period.kind != self.kind:
            raise Unknown(f"应为{_TIMES[self.kind]}，例如 {Period.of(date(2020, 8, 3), self.kind).text}")
        return (period.start.isoformat() if self.kind == "week" else period.text,)

    def label(self, key: str) -> str:
        return Period.parse(key).label


@dataclass(frozen=True)
class Made(Names):
    """Keys whose labels are computed: provinces, industry sections."""

    name: Callable[[str], str] = str
    example: str = ""

    def raws(self, key: str) -> tuple[Any, ...]:
        try:
            self.name(key)
        except (ValueError, LookupError):
            raise Unknown(f"没有这一代码，写法如 {self.example}") from None
        return (key,)

    def label(self, key: str) -> str:
        try:
            return self.name(key)
        except (ValueError, LookupError):
            return key


@dataclass(frozen=True)
class Units(Names):
    """Units: the database has their numbers, the API their codes."""

    codes: Mapping[int, str] = field(default_factory=dict)

    def key(self, raw: Any) -> str:
        return self.codes[raw]

    def raws(self, key: str) -> tuple[Any, ...]:
        found = tuple(number for number, code in self.codes.items() if code == key)
        if not found:
            raise Unknown("没有这一单位编码，可用的编码见 GET /units")
        return found

    def all(self) -> list[tuple[str, str]]:
        return list(self.labels.items())


@dataclass(frozen=True)
class Bands(Names):
    """Bands of first contract amounts: the database has their places, the API their codes."""

    bands: tuple[Band, ...] = ()

    def key(self, raw: Any) -> str:
        return self.bands[int(raw)].code

    def raws(self, key: str) -> tuple[Any, ...]:
        found = tuple(place for place, band in enumerate(self.bands) if band.code == key)
        if not found:
            raise Unknown("可用的档：" + "、".join(f"{band.code}（{band.label}）" for band in self.bands))
        return found

    def place(self, key: str) -> Any:
        return self.raws(key)

    def all(self) -> list[tuple[str, str]]:
        return list(self.labels.items())


def _bands(_connection: Connection, setting: Setting) -> Names:
    bands = tuple(bands_of(setting.scale))
    return Bands({band.code: band.label for band in bands}, bands)


# -- columns ---------------------------------------------------------------------------------------------------


def _unit(source: Source) -> ColumnElement[Any]:
    return responsible_on(source.happened, *source.tables)


def _tier(source: Source) -> ColumnElement[Any]:
    term = select(UnitTerm.tier).where(UnitTerm.unit_id == _unit(source))
    on_the_day = term.where(UnitTerm.valid_from <= source.happened).order_by(UnitTerm.valid_from.desc())
    return func.coalesce(_first(source, on_the_day), _first(source, term.order_by(UnitTerm.valid_from)))


def _first(source: Source, query: Any) -> ColumnElement[Any]:
    found: ColumnElement[Any] = query.limit(1).correlate(*source.tables).scalar_subquery()
    return found


def _ownership(source: Source) -> ColumnElement[Any]:
    return _first(source, select(Enterprise.ownership).where(Enterprise.id == Project.enterprise_id))


def _band(_source: Source, bands: int) -> ColumnElement[Any]:
    amount = Project.first_formal_fen
    below = [(amount < bindparam(f"band_{index}", type_=Fen), index) for index in range(bands)]
    return case((amount.is_(None), None), *below, else_=bands)


Column = Callable[[Source], ColumnElement[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Dimension:
    """One dimension: its column on any source, and how its values are named."""

    code: str
    label: str
    column: Column
    names: Callable[[Connection, Setting], Names]
    time: PartKind | None = None
    apart: bool = False  # no project has it: only sources that say so themselves


_TIMES: dict[PartKind, str] = {"year": "年", "half": "半年", "quarter": "季度", "month": "月", "week": "周"}


def _time(kind: PartKind) -> Dimension:
    names = Times(kind=kind)
    return Dimension(kind, _TIMES[kind], lambda s: bucket(kind, s.event), lambda _c, _s: names, kind)


def _words(code: str, label: str, column: Any, labels: Mapping[Any, str]) -> Dimension:
    words = Words({str(word): text for word, text in labels.items()})
    return Dimension(code, label, column if callable(column) else lambda _: column, lambda _c, _s: words)


def _text(code: str, label: str, column: Any, names: Names | None = None) -> Dimension:
    kept = names or Names()
    return Dimension(code, label, lambda _: column, lambda _c, _s: kept)


_units = Statement(
    select(
        Unit.id,
        Unit.code,
        func.coalesce(
            select(UnitTerm.name)
            .where(UnitTerm.unit_id == Unit.id, UnitTerm.valid_from <= bindparam("day"))
            .order_by(UnitTerm.valid_from.desc())
            .limit(1)
            .correlate(Unit)
            .scalar_subquery(),
            Unit.name,
        ).label("name"),
    ).order_by(Unit.code)
)


def _unit_names(connection: Connection, setting: Setting) -> Names:
    rows = _units.rows(connection, {"day": setting.day})
    return Units({code: name for _, code, name in rows}, {number: code for number, code, _ in rows})


def _section(key: str) -> str:
    if len(key) != 1:
        raise LookupError
    return industry_section(key)


def _province(key: str) -> str:
    if not key.endswith("0000"):
        raise LookupError
    return region_name(key)


_TICKET_CATEGORIES = Words({word.value: label for word, label in TICKET_CATEGORY_LABELS.items()})
_SECTORS = {str(word): label for word, label in SECTOR_LABELS.items()}

DIMENSIONS: Mapping[str, Dimension] = {
    dimension.code: dimension
    for dimension in (
        *(_time(kind) for kind in _TIMES),
        Dimension("unit", "责任单位", _unit, _unit_names),
        _words("tier", "单位类别", _tier, TIER_LABELS),
        Dimension(
            "sector", "产业类别", lambda _: Project.sector.expression, lambda _c, s: Words(_SECTORS, groups=s.groups)
        ),
        _text("chain", "产业链", Project.chain.expression),
        _text(
            "industry",
            "行业门类",
            func.substr(Project.industry, 1, 1, type_=String),
            Made(name=_section, example="C"),
        ),
        _text("park", "园区", Project.park.expression),
        _text(
            "origin",
            "来源地（省级）",
            func.substr(Project.origin_region, 1, 2, type_=String) + "0000",
            Made(name=_province, example="330000"),
        ),
        _words("ownership", "企业性质", _ownership, OWNERSHIP_LABELS),
        _words("stage", "阶段", lambda _: Project.stage.expression, STAGE_LABELS),
        _words("status", "状态", lambda _: Project.status.expression, STATUS_LABELS),
        _words("kind", "项目类型", lambda _: Project.kind.expression, KIND_LABELS),
        Dimension(
            "amount_band",
            "金额档",
            lambda s: _band(s, 0),  # the engine knows how many bands there are: `column_of`
            _bands,
        ),
        _words("channel", "招商渠道", lambda _: Project.channel.expression, CHANNEL_LABELS),
        Dimension("ticket_category", "诉求类别", lambda _: null(), lambda _c, _s: _TICKET_CATEGORIES, apart=True),
    )
}


def column_of(dimension: Dimension, source: Source, bands: int, field: str) -> ColumnElement[Any]:
    """A dimension's column on a source; 422 on `field` where the source has none."""
    if dimension.time is None and (source.parts is not None or dimension.apart):
        own = source.parts or {}
        if dimension.code not in own:
            others = own or [code for code, item in DIMENSIONS.items() if item.time is None and not item.apart]
            known = "、".join((*_TIMES.values(), *(DIMENSIONS[code].label for code in others)))
            message = f"{source.label}没有{dimension.label}这一维度，可用的：{known}"
            raise Invalid.field(field, "not_of_source", message)
        return own[dimension.code]
    return _band(source, bands) if dimension.code == "amount_band" else dimension.column(source)


def sorted_keys(keys: Iterable[tuple[str, ...]], names: tuple[Names, ...]) -> list[tuple[str, ...]]:
    """Keys in the order of their dimensions; what has no value and what is folded come last."""

    def place(key: tuple[str, ...]) -> list[tuple[int, Any]]:
        order: list[tuple[int, Any]] = []
        for part, name in zip(key, names, strict=True):
            last = {NONE: 1, OTHER: 2}.get(part, 0)
            known = last == 2 and any(word == OTHER for word, _ in name.all() or ())
            order.append((last, "") if last and not known else (0, name.place(part)))
        return order

    return sorted(keys, key=place)


def label_of(name: Names, key: str) -> str:
    """What a part is called."""
    if key == NONE:
        return "未填"
    return name.labels.get(OTHER, "其他") if key == OTHER else name.label(key)
