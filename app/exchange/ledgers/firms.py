"""The enterprises that a file speaks of: found by code and name, entered when new, their gaps filled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.exchange.ledgers.drafts import Draft, FieldChange, Firm
from app.exchange.ledgers.known import Known
from app.exchange.ledgers.labels import LABELS
from app.facts.enterprises.models import Ownership
from app.facts.projects.terms import EnterpriseRole
from app.kernel.names import squash

_LONGEST = 200
INVESTOR, PARTNER = EnterpriseRole.INVESTOR.value, EnterpriseRole.PARTNER.value


@dataclass(slots=True)
class Firms:
    """Those of this plan; new ones have numbers below zero until they are written."""

    known: Known
    made: dict[int, Firm] = field(default_factory=dict)
    filled: dict[int, dict[str, Any]] = field(default_factory=dict)

    def row(self, firm_id: int) -> dict[str, Any]:
        return self.made[firm_id].row if firm_id in self.made else self.known.firms[firm_id]

    def enter(self, name: str, uscc: str | None, ownership: Ownership, region: str | None) -> int:
        """A new one."""
        firm_id = -1 - len(self.made)
        row = {"id": firm_id, "name": name, "uscc": uscc, "ownership": ownership, "region": region}
        self.made[firm_id] = Firm(firm_id, row)
        self.known.enterprises.add(firm_id, name, uscc)
        return firm_id


def check(draft: Draft) -> None:
    """Refuse names that can be none, whether or not their enterprises will be entered."""
    name = draft.value("enterprise")
    if name is not None and not squash(name):
        draft.refuse("enterprise", "no_letters", "企业名称须含文字")
    elif name is not None and len(name) > _LONGEST:
        draft.refuse("enterprise", "too_long", f"过长，至多 {_LONGEST} 个字符，现为 {len(name)} 个")
    if any(len(other) > _LONGEST for other in draft.value("other_enterprises") or ()):
        draft.refuse("enterprise", "too_long", f"企业名称过长，至多 {_LONGEST} 个字符")


def invest(draft: Draft, firms: Firms) -> None:
    """Who invests, and who takes part besides; the names were checked."""
    firm_id, kept = _main(draft, firms)
    if firm_id is not None and not kept:
        draft.firms.add(firm_id)
        _gaps(draft, firms, firm_id)
        _join(draft, firm_id, INVESTOR)
        before = draft.row["enterprise_id"]
        if before != firm_id:
            draft.row["enterprise_id"] = firm_id
            if not draft.new:
                old = None if before is None else draft.known.firms[before]["name"]
                name = firms.row(firm_id)["name"]
                draft.changes.append(FieldChange("enterprise", old, name))
                if old is not None:
                    draft.warn(
                        "enterprise", "enterprise_changed", f"主要投资方由“{old}”改为“{name}”，原投资方仍列在项目中"
                    )
    for name in draft.value("other_enterprises") or ():
        other = firms.known.enterprises.find(name)
        if other is None:
            other = firms.enter(name, None, Ownership.OTHER, None)
        if other == firm_id:
            continue
        if (changes := draft.edits("project_enterprise", other)) and changes[-1].after is None:
            called = firms.row(other)["name"]
            draft.warn("enterprise", "edited_since", f"“{called}”已由{changes[-1].who}在系统中移出本项目，未再列入")
            continue
        draft.firms.add(other)
        _join(draft, other, PARTNER)
    draft.names = [firms.row(one)["name"] for one in sorted(draft.firms)]


def _main(draft: Draft, firms: Firms) -> tuple[int | None, bool]:
    """The main investor as it will be, None when there is none; is it another than the file's, kept as it was set by
    hand?"""
    present, meant = draft.row["enterprise_id"], _meant(draft, firms)

    def called(firm_id: int) -> str:
        return str(firms.row(firm_id)["name"])

    if meant is None or meant == present:
        return meant, False
    if draft.keeps("enterprise", ("project", "enterprise_id"), meant, called):
        return present, True
    return meant, False


def _meant(draft: Draft, firms: Firms) -> int | None:
    """The main investor that the file means, None when it says nothing of one."""
    known, present = draft.known, draft.row["enterprise_id"]
    name, uscc = draft.value("enterprise"), draft.value("uscc")
    if name is None:
        found = present if uscc is None else known.enterprises.by_uscc.get(uscc, present)
        if uscc is not None and found is None:
            draft.warn("uscc", "enterprise_missing", "没有投资企业名称，统一社会信用代码未采用")
        return int(found) if found is not None else None
    if present is not None and known.firm_is(present, name):
        there = known.firms[present]["uscc"]
        if uscc is None or there is None or there == uscc:
            return int(present)
    found = known.enterprises.find(name, uscc)
    if found is None:
        if any(one for one in known.enterprises.by_name.get(squash(name), ())):
            draft.warn("uscc", "namesake", f"已有同名企业“{name}”，但统一社会信用代码不同，按另一企业记入")
        ownership = Ownership(draft.value("ownership") or Ownership.OTHER)
        return firms.enter(name, uscc, ownership, draft.value("origin_region"))
    if not known.firm_is(found, name):
        called = firms.row(found)["name"]
        draft.warn("uscc", "uscc_of_another_name", f"该统一社会信用代码属于“{called}”，读作这家企业")
    return found


def _gaps(draft: Draft, firms: Firms, firm_id: int) -> None:
    """What the file tells of an enterprise and the record leaves open is filled in; what differs stays and is told."""
    there: Mapping[str, Any] = {**firms.row(firm_id), **firms.filled.get(firm_id, {})}
    said = {"uscc": draft.value("uscc"), "ownership": draft.value("ownership")}
    for name, value in said.items():
        old = there[name]
        if value is None or value in (old, Ownership.OTHER):
            continue
        if old not in (None, Ownership.OTHER):
            shown = LABELS[name][old] if name in LABELS else old
            subject = "企业性质" if name == "ownership" else "统一社会信用代码"
            draft.warn(
                name, "enterprise_differs", f"“{there['name']}”的{subject}在系统中为“{shown}”，未改，请到企业档案更正"
            )
            continue
        if name == "uscc" and draft.known.enterprises.by_uscc.get(value) not in (None, firm_id):
            continue
        for told in (draft.gaps, firms.filled):
            told.setdefault(firm_id, {})[name] = Ownership(value) if name == "ownership" else value
        if name == "uscc":
            draft.known.enterprises.add(firm_id, None, value)
        if not draft.new:
            draft.changes.append(FieldChange(name, None, LABELS[name][value] if name in LABELS else value))


def _join(draft: Draft, firm_id: int, role: str) -> None:
    present = draft.record.enterprises if draft.record else []
    given = [*present, *draft.added.get("enterprises", [])]
    mine = [line for line in given if line["enterprise_id"] == firm_id]
    if role == PARTNER and mine:
        return
    if not any(line["role"] == role for line in mine):
        draft.add("enterprises", {"enterprise_id": firm_id, "role": role})
