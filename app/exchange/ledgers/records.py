"""The record itself: what the file says of a project's name, place, people, units and promises."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from app.exchange.ledgers.cells import tidy
from app.exchange.ledgers.drafts import Draft, FieldChange
from app.exchange.ledgers.findings import spelled
from app.exchange.ledgers.known import Line
from app.exchange.ledgers.labels import LABELS, STAGE_DATES
from app.exchange.ledgers.matching import Match
from app.facts.projects.rules import sector_of, sector_without_industry
from app.facts.projects.terms import (
    Channel,
    Confidentiality,
    Kind,
    Sector,
    Stage,
    Status,
    UnitRole,
)
from app.identity.units.queries import UnitRef
from app.kernel.money import in_unit
from app.kernel.names import best_matches, normalise, squash
from app.kernel.regions import region_name

_LIMITS: dict[str, tuple[str, int]] = {
    "chain": ("chain", 40), "park": ("park", 60), "place": ("place", 200), "officer": ("officer", 60),
    "leader": ("leader", 60), "problem": ("problem", 20_000), "note": ("note", 20_000), "industry": ("industry", 5),
    "national_code": ("national_code", 30), "origin_region": ("origin_region", 6),
}  # fmt: skip
_MONEY = {"investment": "investment_fen", "output": "output_fen", "tax": "tax_fen"}
_NOTED = {"progress": "项目进展", "content": "建设内容"}
BY_LEDGER = "台账填报"
_KIND_OF_SECTOR = {
    "agriculture": Kind.AGRICULTURE, "services": Kind.SERVICES, "industry": Kind.INDUSTRY_LAND,
    "construction": Kind.INDUSTRY_LAND,
}  # fmt: skip


def fill(draft: Draft, match: Match) -> None:
    """Take over everything of the record but the stage, its dates and the enterprise."""
    said: dict[str, Any] = dict(draft.reading.values) if draft.reading is not None else {}
    _name(draft, match)
    for name, (column, limit) in _LIMITS.items():
        value = said.get(name)
        if value is None:
            continue
        if len(value) > limit:
            draft.refuse(name, "too_long", f"过长，至多 {limit} 个字符，现为 {len(value)} 个")
        else:
            draft.set(name, column, value, _region if name == "origin_region" else str, _alike)
    for name, column in _MONEY.items():
        if (value := said.get(name)) is not None:
            draft.set(name, column, value, wan, _roughly(draft, name))
    for name, words in (("channel", Channel), ("confidentiality", Confidentiality), ("status", Status)):
        if (value := said.get(name)) is not None and _allowed(draft, name, value):
            draft.set(name, name, words(value), LABELS[name].__getitem__)
    if (value := said.get("jobs")) is not None:
        draft.set("jobs", "jobs", value, str)
    if (value := said.get("land_mu")) is not None:
        draft.set("land_mu", "land_mu", int(value * 100), lambda hundredths: str(Decimal(hundredths) / 100))
    _place(draft)
    _kind_and_sector(draft)
    _units(draft)
    _plans(draft)
    _notes(draft)


def wan(fen: int) -> str:
    """Money as a ledger writes it."""
    return f"{in_unit(fen, '万元', 6, trim=True)}万元"


def _alike(old: str, new: str) -> bool:
    """The same text but for blanks, widths of letters and kinds of brackets, which reading makes alike."""
    return normalise(old) == normalise(new) or normalise(tidy(old)) == normalise(new)


def _roughly(draft: Draft, name: str) -> Callable[[int, int], bool]:
    """约5000 and 5012 agree: the exact one stays."""
    return lambda old, new: draft.vague(name) and abs(old - new) * 10 <= old


def _region(code: str) -> str:
    return region_name(code)


# -- names ---------------------------------------------------------------------------------------------------------


def _name(draft: Draft, match: Match) -> None:
    name, row = draft.value("name"), draft.row
    aliases = [alias for alias in draft.value("aliases") or () if alias not in match.foreign]
    taken = {line["squashed"] for line in draft.record.aliases} if draft.record else set()
    renamed = any(code == "renamed" for _, _, code, _ in match.told)
    other = name is not None and not draft.new and squash(name) not in {row["squashed"], *taken}
    former = other and draft.outdated("name", ("project", "name"), name, str, _same_name)
    for level, field, code, reason in match.told:
        if code != "renamed" or not former:
            draft.tell("refused" if level == "refused" else "warning", field, code, reason)
    if name is not None and len(name) > 200:
        draft.refuse("name", "too_long", f"过长，至多 200 个字符，现为 {len(name)} 个")
        return
    if name is not None and draft.new:
        row["name"] = name
    elif name is not None:
        brackets = squash(f"{name}{''.join(aliases[:1])}")
        if row["squashed"] == brackets:  # what stands in brackets is part of the name
            aliases = aliases[1:]
        elif row["squashed"] != squash(name) and squash(name) not in taken and not former:
            if renamed:
                aliases.append(row["name"])
                draft.set("name", "name", name, str)
            else:
                aliases.append(name)
    own = squash(row["name"])
    for alias in aliases:
        key = squash(alias)[:200]
        if not key or key == own or key in taken:
            continue
        if len(alias) > 200:
            draft.refuse("aliases", "too_long", "别名过长，至多 200 个字符")
            continue
        if (changes := draft.edits("project_alias", key)) and changes[-1].after is None:
            draft.warn("aliases", "edited_since", f"别名“{alias}”已由{changes[-1].who}在系统中删除，未再记入")
            continue
        taken.add(key)
        draft.add("aliases", {"alias": alias, "squashed": key})
        if not draft.new:
            draft.changes.append(FieldChange("aliases", None, alias))


def _same_name(old: str, new: str) -> bool:
    return squash(old) == squash(new)


# -- words and place -----------------------------------------------------------------------------------------------


def _allowed(draft: Draft, name: str, value: str) -> bool:
    old, spell = draft.row[name], LABELS[name].__getitem__
    if value != old and name != "channel" and draft.outdated(name, ("project", name), value, spell):
        return False
    if name == "confidentiality" and value != old and Confidentiality.SEALED in (value, old):
        draft.refuse(name, "seal", "密封与解除密封由审核人在系统中办理，不能由台账导入")
        return False
    if name == "status" and value != old and value in (Status.TERMINATED, Status.WITHDRAWN):
        draft.warn(name, "end_undated", f"读作“{LABELS['status'][value]}”；台账没有终止日期，该日期留空")
    if name == "status" and value != old:
        draft.row["paused_on"] = draft.known.today if value == Status.PAUSED else None
    if name == "status" and value != old and value in (Status.ACTIVE, Status.PAUSED):
        draft.row["ended_on"] = None
    return True


def _place(draft: Draft) -> None:
    east, north = draft.value("longitude"), draft.value("latitude")
    if (east is None) != (north is None):
        given = "longitude" if north is None else "latitude"
        draft.warn(given, "half_a_place", "经度与纬度只填了一个，坐标未采用")
        return
    for name, value in (("longitude", east), ("latitude", north)):
        if value is not None:
            draft.set(name, name, float(value), str, lambda old, new: round(old, 6) == round(new, 6))


def _kind_and_sector(draft: Draft) -> None:
    row, rule = draft.row, draft.known.sector_rule
    kind, sector = draft.value("kind"), draft.value("sector")
    by_kind = not draft.inferred("sector") and "sector" not in draft.origin("sector").letters
    if sector is not None and row["industry"] and by_kind:
        sector = None  # told by the kind alone (服务业): the industry tells it better
    if kind is not None:
        draft.set("kind", "kind", Kind(kind), LABELS["kind"].__getitem__)
    elif draft.new:
        ruled = sector or (sector_of(row["industry"], rule) if row["industry"] else "industry")
        row["kind"] = _KIND_OF_SECTOR[ruled]
        draft.warn(None, "kind_missing", f"没有项目类型，读作“{LABELS['kind'][row['kind']]}”")
    if not draft.new and draft.record is not None:
        before = draft.record.row
        same = all(row[name] == before[name] for name in ("industry", "kind"))
        if same and sector in (None, before["sector"]):
            return
        if sector is None and before["sector_reason"] is not None:
            return
    ruled = sector_of(row["industry"], rule) if row["industry"] else sector_without_industry(row["kind"], rule)
    chosen = Sector(sector) if sector is not None else ruled
    if not draft.set("sector", "sector", chosen, LABELS["sector"].__getitem__, said=sector is not None):
        return
    reason = None if chosen == ruled else row["sector_reason"] or BY_LEDGER
    if reason != row["sector_reason"]:
        row["sector_reason"] = reason


# -- units ---------------------------------------------------------------------------------------------------------


def _unit(draft: Draft, field: str, name: str) -> UnitRef | None:
    known = draft.known
    found = known.units.get(squash(name))
    if found is not None:
        return found
    if field == "unit" and draft.inferred("unit"):
        draft.warn(None, "unit_unknown", f"填报单位“{name}”不是责任单位，责任单位未采用")
        return None
    names: dict[str, list[str]] = {}
    for key, unit in known.units.items():
        names.setdefault(unit.name, [unit.name]).append(key)
    near = [unit for unit, _ in best_matches(name, names, limit=3, cutoff=55)]
    hint = f"；是否为：{'、'.join(near)}" if near else ""
    draft.refuse(field, "unit_unknown", f"不认识的单位“{name}”{hint}")
    return None


def _units(draft: Draft) -> None:
    """Who is responsible and who co-operates; changes hold from today, since a ledger tells how it is."""
    name, wanted = draft.value("unit"), draft.value("co_units")
    unit = _unit(draft, "unit", name) if name is not None else None
    if name is None and draft.new:
        draft.warn(None, "unit_missing", "没有责任单位")
    helpers = None if wanted is None else [_unit(draft, "co_units", each) for each in wanted]
    if helpers is not None and None in helpers:
        return
    ids = {one.id: one for one in helpers or () if one is not None}
    if unit is not None:
        ids.pop(unit.id, None)
        if draft.new:
            draft.row["unit_id"] = unit.id
            draft.add("units", {"unit_id": unit.id, "role": UnitRole.RESPONSIBLE.value})
        else:
            _new_responsible(draft, unit)
            ids.pop(draft.row["unit_id"], None)
    elif draft.row["unit_id"] is not None:
        ids.pop(draft.row["unit_id"], None)
    if draft.new:
        for unit_id in ids:
            draft.add("units", {"unit_id": unit_id, "role": UnitRole.COOPERATING.value})
    elif wanted is not None:
        _new_helpers(draft, ids)


def _present(draft: Draft, role: UnitRole) -> list[Line]:
    assert draft.record is not None
    return [line for line in draft.record.units if line["role"] == role.value and line["valid_to"] is None]


def _end(draft: Draft, line: Line) -> None:
    today = draft.known.today
    if line["valid_from"] >= today:  # a part that would end before it began never was
        draft.dropped.append(("units", line))
    else:
        draft.altered.append(("units", line, {"valid_to": today - timedelta(days=1)}))


def _called(draft: Draft, unit_id: int | None) -> str | None:
    return next((unit.name for unit in draft.known.units.values() if unit.id == unit_id), None)


def _new_responsible(draft: Draft, unit: UnitRef) -> None:
    before = draft.row["unit_id"]
    if before == unit.id or draft.keeps("unit", ("project", "unit_id"), unit.id, lambda one: _called(draft, one)):
        return
    for line in [*_present(draft, UnitRole.RESPONSIBLE), *_present(draft, UnitRole.COOPERATING)]:
        if line["role"] == UnitRole.RESPONSIBLE.value or line["unit_id"] == unit.id:
            _end(draft, line)
    draft.row["unit_id"] = unit.id
    draft.add("units", {"unit_id": unit.id, "role": UnitRole.RESPONSIBLE.value, "valid_from": draft.known.today})
    draft.changes.append(FieldChange("unit", _called(draft, before), unit.name))
    if before is not None:
        old = _called(draft, before)
        draft.warn("unit", "unit_changed", f"责任单位由“{old}”改为“{unit.name}”，自今天起；此前各期仍属“{old}”")


def _new_helpers(draft: Draft, wanted: dict[int, UnitRef]) -> None:
    ended = {line["id"] for part, line, _ in draft.altered if part == "units"}
    ended |= {line["id"] for part, line in draft.dropped if part == "units"}
    present = {line["unit_id"]: line for line in _present(draft, UnitRole.COOPERATING) if line["id"] not in ended}
    asked, names = wanted.keys(), {unit.id: unit for unit in draft.known.units.values()}
    for unit_id in sorted(present.keys() ^ asked):
        if not (changes := draft.edits("project_unit", unit_id)):
            continue
        what = "加入" if unit_id in present else "撤下"
        reason = f"协同单位“{names[unit_id].name}”已由{changes[-1].who}在系统中{what}，保留系统中的"
        draft.warn("co_units", "edited_since", reason)
        if unit_id in present:
            wanted = wanted | {unit_id: names[unit_id]}
        else:
            wanted = {one: unit for one, unit in wanted.items() if one != unit_id}
    if present.keys() == wanted.keys():
        return
    for unit_id in present.keys() - wanted.keys():
        _end(draft, present[unit_id])
    for unit_id in sorted(wanted.keys() - present.keys()):
        role = UnitRole.COOPERATING.value
        draft.add("units", {"unit_id": unit_id, "role": role, "valid_from": draft.known.today})
    before = "、".join(sorted(filter(None, (_called(draft, unit_id) for unit_id in present)))) or None
    after = "、".join(sorted(unit.name for unit in wanted.values())) or None
    draft.changes.append(FieldChange("co_units", before, after))


# -- plans, remarks ------------------------------------------------------------------------------------------------

_STAGES = {f"planned_{day}": stage for stage, day in STAGE_DATES.items()}


def _plans(draft: Draft) -> None:
    said = draft.reading.values if draft.reading is not None else {}
    for name in _STAGES.keys() & said.keys():
        day = said[name]
        if isinstance(day, date):
            plan(draft, Stage(_STAGES[name]), name, day)


def plan(draft: Draft, stage: Stage, name: str, day: date) -> None:
    """A stage is planned for this day, says the field `name`."""
    present = next((line for line in draft.record.plans if line["stage"] == stage), None) if draft.record else None
    if present is not None and present["planned_on"] == day:
        return
    if draft.keeps(name, ("project_plan", stage), day, date.isoformat):
        return
    if present is None:
        draft.add("plans", {"stage": stage, "planned_on": day})
    else:
        draft.altered.append(("plans", present, {"planned_on": day}))
    if not draft.new:
        before = None if present is None else present["planned_on"].isoformat()
        draft.changes.append(FieldChange(f"planned_{STAGE_DATES[stage]}", before, day.isoformat()))


def _notes(draft: Draft) -> None:
    """What has no field of its own is kept as a remark, once."""
    known = draft.known
    present = {squash(line["text"]) for line in draft.record.notes} if draft.record else set()
    for name, word in _NOTED.items():
        text = draft.value(name)
        if text is None:
            continue
        remark = f"{word}：{text}"
        if len(remark) > 20_000:
            draft.refuse(name, "too_long", "过长，至多 20000 个字符")
        elif squash(remark) not in present:
            line: dict[str, Any] = {"kind": "note", "text": remark, "at": known.now, "by": known.actor.id}
            draft.add("notes", {**line, "by_name": known.actor_name, "solved_on": None})
            if not draft.new:
                draft.changes.append(FieldChange(name, None, spelled(name, text)))
