"""What needs attention today: among the projects the actor may see, and of what was to come of engagements."""

from collections import Counter
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, func, select

from app.facts.attention.matters import MATTERS, Matter
from app.facts.attention.near import near_gate
from app.facts.attention.rules import ATTENTION, AttentionRule
from app.facts.attention.schemas import KIND_LABELS, AttentionCountsQuery, AttentionFilter, AttentionKind
from app.facts.projects import queries as projects
from app.identity.units.models import Unit
from app.kernel import calendar, rules
from app.kernel.access import Actor, Permission
from app.kernel.errors import Invalid
from app.kernel.paging import EVERYTHING, Sight

_Counted = dict[AttentionKind, list[tuple[int | None, str | None, int]]]


def page(connection: Connection, actor: Actor, q: AttentionFilter) -> dict[str, Any]:
    """A page of matters, kind by kind; each kind is one statement that an index serves."""
    today = calendar.today()
    ruling = rules.in_force(connection, ATTENTION, today)
    matters = _matters(connection, actor, ruling.body, today)
    wanted = [matter for matter in matters if not q.kind or matter.kind in q.kind]
    start, after = _opened(q.after, wanted)
    items: list[dict[str, Any]] = []
    following: str | None = None
    for matter in wanted[start:]:
        room = q.limit - len(items)
        asked = q.model_copy(update={"limit": max(room, 1), "after": after, "count": False})
        found = matter.listing.found(connection, asked, _sight(actor, matter, ruling.body))
        after = None
        if room == 0:
            if found["items"]:  # the page is full, and there is more of this kind
                following = f"{matter.kind}."
                break
            continue
        said = {"kind": matter.kind, "label": KIND_LABELS[matter.kind]}
        rows = (matter.complete(connection, row) for row in found["items"])
        items += [said | matter.told(row, ruling.body, today) for row in rows]
        if found["next"] is not None:
            following = f"{matter.kind}.{found['next']}"
            break
    answer: dict[str, Any] = {"items": items, "next": following, **_basis(today, ruling.number)}
    if q.count:
        counted = _counted(connection, actor, ruling.body, wanted, q.unit, q.officer)
        answer["total"] = sum(count for rows in counted.values() for *_, count in rows)
    return answer


def counts(connection: Connection, actor: Actor, q: AttentionCountsQuery) -> dict[str, Any]:
    """How many matters there are: by kind, by unit, by officer."""
    today = calendar.today()
    ruling = rules.in_force(connection, ATTENTION, today)
    matters = _matters(connection, actor, ruling.body, today)
    counted = _counted(connection, actor, ruling.body, matters, q.unit, q.officer)
    kinds = {kind: sum(count for *_, count in rows) for kind, rows in counted.items()}
    by_unit: dict[int | None, Counter[AttentionKind]] = {}
    by_officer: dict[str | None, Counter[AttentionKind]] = {}
    for kind, rows in counted.items():
        for unit_id, officer, count in rows:
            by_unit.setdefault(unit_id, Counter())[kind] += count
            by_officer.setdefault(officer, Counter())[kind] += count
    names = {row.id: row for row in connection.execute(select(Unit.id, Unit.code, Unit.name))}
    units = [
        {"unit": names[key].code if key else None, "unit_name": names[key].name if key else None, **_summed(found)}
        for key, found in by_unit.items()
    ]
    officers = [{"officer": key, **_summed(found)} for key, found in by_officer.items()]
    return {
        "total": sum(kinds.values()),
        "kinds": [{"kind": kind, "label": KIND_LABELS[kind], "count": kinds[kind]} for kind in kinds],
        "units": sorted(units, key=lambda row: (-row["total"], row["unit"] or "~")),
        "officers": sorted(officers, key=lambda row: (-row["total"], row["officer"] or "~")),
        **_basis(today, ruling.number),
    }


def _basis(today: date, version: int) -> dict[str, Any]:
    return {"as_of": today, "rule": f"{ATTENTION.code}/{version}"}


def _matters(connection: Connection, actor: Actor, rule: AttentionRule, today: date) -> list[Matter]:
    """The kinds the actor may know of: a machine may be let read projects only."""
    knows_all = actor.may(Permission.ENGAGEMENT_READ)
    told = [matter for matter in MATTERS.values() if matter.of_projects or knows_all]
    return [*told, near_gate(connection, rule, today)]


def _sight(actor: Actor, matter: Matter, rule: AttentionRule) -> Sight:
    """The rows of a kind that the actor may see, as the one condition of its list."""
    sight = projects.sight(actor) if matter.of_projects else EVERYTHING
    conditions = [matter.condition] if sight.condition is None else [matter.condition, sight.condition]
    values = {**sight.values, **matter.values(rule, calendar.today())}
    return Sight(f"{sight.shape} {matter.shape}", and_(*conditions), values)


def _counted(
    connection: Connection,
    actor: Actor,
    rule: AttentionRule,
    matters: list[Matter],
    units: tuple[str, ...],
    officer: str | None,
) -> _Counted:
    """For each kind how many matters each unit and officer has."""
    found: _Counted = {}
    for matter in matters:
        sight = _sight(actor, matter, rule)
        whose = matter.whose
        query = select(whose.unit_id, whose.officer, func.count()).select_from(whose.table)
        if units:
            query = query.where(whose.unit_id.in_(select(Unit.id).where(Unit.code.in_(units))))
        if officer is not None:
            query = query.where(whose.officer == officer)
        assert sight.condition is not None
        query = query.where(sight.condition).group_by(whose.unit_id, whose.officer)
        found[matter.kind] = [(row[0], row[1], row[2]) for row in connection.execute(query, dict(sight.values))]
    return found


def _summed(found: Counter[AttentionKind]) -> dict[str, Any]:
    return {"total": found.total(), "kinds": {kind: found[kind] for kind in AttentionKind}}


def _opened(cursor: str | None, wanted: list[Matter]) -> tuple[int, str | None]:
    """At which kind, and after which of its rows, a page begins."""
    if cursor is None:
        return 0, None
    kind, _, after = cursor.partition(".")
    for place, matter in enumerate(wanted):
        if matter.kind == kind:
            return place, after or None
    raise Invalid.field("after", "bad_cursor", "不是本列表给出的游标")
