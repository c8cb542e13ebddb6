"""Which existing project a project of the file is: by code, by name and code of its enterprise, by name, by alias."""

from collections.abc import Collection
from dataclasses import dataclass, field

from app.exchange.ledgers.findings import ProjectReading, Reading, RowReading
from app.exchange.ledgers.known import Known
from app.exchange.ledgers.merging import join
from app.kernel.names import similarity, squash


@dataclass(slots=True)
class Match:
    """The existing project (None: a new one), and what is to be told: (level, field, code, reason)."""

    project_id: int | None = None
    told: list[tuple[str, str, str, str]] = field(default_factory=list)
    foreign: frozenset[str] = frozenset()  # aliases that are names of other projects

    @property
    def refused(self) -> bool:
        """Is it unknown which project is meant?"""
        return any(level == "refused" for level, *_ in self.told)

    def tell(self, level: str, name: str, code: str, reason: str) -> None:
        self.told.append((level, name, code, reason))


def names(reading: Reading) -> set[str]:
    """Every project's name in the file, squashed."""
    rows = [*reading.rows("projects"), *reading.rows("agreements"), *reading.rows("funds")]
    return {squash(name) for row in rows if isinstance(name := row.values.get("name"), str)}


def candidates(known: Known, reading: Reading) -> set[int]:
    """Every project that the file may speak of: their records are needed to decide."""
    found: set[int] = set()
    for row in [*reading.rows("projects"), *reading.rows("agreements"), *reading.rows("funds")]:
        code, name = row.values.get("code"), row.values.get("name")
        if isinstance(code, str) and code in known.by_code:
            found.add(known.by_code[code])
        for text in (name, *_names(row.values.get("aliases"))):
            if isinstance(text, str):
                found.update(_named(known, squash(text)))
                found.update(_named(known, squash(_whole(row.values))))
    return found


def unite(known: Known, reading: Reading) -> dict[int, Match]:
    """Match every project of the file; those that turn out to be one existing project become one. By identity."""
    matches: dict[int, Match] = {}
    owners: dict[int, ProjectReading] = {}
    codes = {str(project.values["code"]) for project in reading.projects if "code" in project.values}
    for project in list(reading.projects):
        match = matches[id(project)] = match_project(known, project, codes)
        if match.project_id is None or project.refused:
            continue
        other = owners.get(match.project_id)
        if other is None:
            owners[match.project_id] = project
            continue
        join(reading, other, project)
        matches[id(other)] = match_project(known, other, codes)
    return matches


def match_project(known: Known, project: ProjectReading, codes: Collection[str]) -> Match:
    """Which existing project this is; `codes` are all those in the file."""
    values = project.values
    code, name = values.get("code"), values.get("name")
    match = Match()
    _one_unit(known, project, match)
    if isinstance(code, str) and code in known.hidden:
        match.tell("refused", "code", "code_taken", "项目编号已被使用")
        return match
    by_code = known.by_code.get(code) if isinstance(code, str) else None
    named = _by_names(known, project, match)
    if by_code is None:
        if named is not None and isinstance(code, str) and not _recoded(known, project, named, codes, match):
            return match
        match.project_id = named
        if named is not None:
            _told_of_name(known, project, named, match)
        return match
    match.project_id = by_code
    there = known.records[by_code].row
    if named is not None and named != by_code:
        other = known.records[named].row
        reason = f"编号 {code} 在系统中是“{there['name']}”，而此名称是 {other['code']}，请核对"
        match.tell("refused", "name", "two_projects", reason)
    elif isinstance(name, str) and named is None and squash(_whole(values)) != there["squashed"]:
        _renamed(known, project, name, by_code, match)
    elif named is not None:
        _told_of_name(known, project, named, match)
    return match


def _one_unit(known: Known, project: ProjectReading, match: Match) -> None:
    """区农委 on one sheet and 区农业农村委 on another are one unit; two units contradict each other."""
    unit = known.units.get(squash(str(project.values.get("unit", ""))))
    for row in project.other_units:
        name = str(row.values["unit"])
        other = known.units.get(squash(name))
        if unit is None or other is None or unit.id != other.id:
            reason = f"同一项目在{row.where('unit')}写作“{name}”，互相矛盾"
            match.tell("refused", "unit", "conflict", reason)


def _recoded(known: Known, project: ProjectReading, named: int, codes: Collection[str], match: Match) -> bool:
    """A known name under a code that nobody knows: the same project only if its enterprise is the same."""
    there = known.records[named].row["code"]
    if there not in codes and _same_firm(known, project, named):
        match.tell("warning", "code", "code_differs", f"系统中该项目的编号为 {there}，本编号未采用")
        return True
    match.tell("warning", "code", "namesake", f"系统中另有同名项目 {there}，编号不同，读作另一项目")
    return False


def owner_of(known: Known, row: RowReading) -> int | None:
    """The existing project that a row of papers or funds names."""
    code, name = row.values.get("code"), row.values.get("name")
    if isinstance(code, str) and code in known.by_code:
        return known.by_code[code]
    if not isinstance(name, str):
        return None
    key = squash(name)
    found = known.by_name.get(key) or known.by_alias.get(key) or known.by_former_name.get(key) or []
    return found[0] if len(set(found)) == 1 else None


def _names(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _whole(values: object) -> str:
    """The name with the alias that was read out of its brackets: perhaps the brackets belong to the name."""
    assert isinstance(values, dict)
    return f"{values.get('name', '')}{''.join(_names(values.get('aliases'))[:1])}"


def _named(known: Known, key: str) -> list[int]:
    return [*known.by_name.get(key, ()), *known.by_alias.get(key, ()), *known.by_former_name.get(key, ())]


def _by_names(known: Known, project: ProjectReading, match: Match) -> int | None:
    values = project.values
    name = values.get("name")
    if not isinstance(name, str):
        return None
    same_name = known.by_name.get(squash(name)) or known.by_name.get(squash(_whole(values)), [])
    found = list(dict.fromkeys(same_name or known.by_alias.get(squash(name), [])))
    if isinstance(code := values.get("code"), str) and known.by_code.get(code) in found:
        found = [known.by_code[code]]
    others = []
    for alias in _names(values.get("aliases")):
        for other in known.by_name.get(squash(alias), ()):
            if found and other not in found:
                match.foreign |= {alias}
                code = known.records[other].row["code"]
                reason = f"“{alias}”是另一项目 {code} 的名称，未记作别名"
                match.tell("warning", "aliases", "alias_is_a_project", reason)
            else:
                others.append(other)
    if not found:
        found = list(dict.fromkeys(others)) or _formerly(known, project, name)
    if len(found) > 1:
        fitting = [one for one in found if _same_firm(known, project, one)]
        found = fitting if len(fitting) == 1 else found
    if len(found) > 1:
        codes = "、".join(str(known.records[one].row["code"]) for one in found)
        match.tell("refused", "name", "name_ambiguous", f"系统中有多个同名项目（{codes}），请填写项目编号")
        return None
    if found and not isinstance(values.get("code"), str) and _other_firm(known, project, found[0]):
        there = known.records[found[0]].row
        firm = known.firms[there["enterprise_id"]]["name"]
        reason = (
            f"系统中同名项目 {there['code']} 的投资企业是“{firm}”，与本行不同；"
            "如为同一项目请填写其项目编号，如为另一项目请改用不同的名称"
        )
        match.tell("refused", "name", "same_name_other_enterprise", reason)
        return None
    return found[0] if found else None


def _formerly(known: Known, project: ProjectReading, name: str) -> list[int]:
    """Projects that had this name until people renamed them, but for those of surely another enterprise."""
    had = dict.fromkeys(known.by_former_name.get(squash(name), ()))
    return [one for one in had if not _other_firm(known, project, one)]


def _same_firm(known: Known, project: ProjectReading, project_id: int) -> bool:
    firm_id = known.records[project_id].row["enterprise_id"]
    name, uscc = project.values.get("enterprise"), project.values.get("uscc")
    if firm_id is None or (name is None and uscc is None):
        return False
    if isinstance(uscc, str) and known.enterprises.by_uscc.get(uscc) == firm_id:
        return True
    return isinstance(name, str) and known.firm_is(firm_id, name)


def _other_firm(known: Known, project: ProjectReading, project_id: int) -> bool:
    """Do both name an investor, and are these surely two?"""
    firm_id = known.records[project_id].row["enterprise_id"]
    name = project.values.get("enterprise")
    if firm_id is None or not isinstance(name, str) or _same_firm(known, project, project_id):
        return False
    there, uscc = known.firms[firm_id], project.values.get("uscc")
    if uscc is not None and there["uscc"] is not None:
        return bool(uscc != there["uscc"])
    return similarity(name, there["name"]) < 60


def _told_of_name(known: Known, project: ProjectReading, found: int, match: Match) -> None:
    """The file may call the project by another of its names."""
    name, there = project.values.get("name"), known.records[found].row
    if not isinstance(name, str) or there["squashed"] in (squash(name), squash(_whole(project.values))):
        return
    how = "该项目的别名" if found in known.by_alias.get(squash(name), ()) else "别名相同"
    if found in known.by_former_name.get(squash(name), ()):
        how = "该项目改名前的名称"
    reason = f"读作系统中的项目 {there['code']}“{there['name']}”（{how}）"
    match.tell("warning", "name", "second_name", reason)


def _renamed(known: Known, project: ProjectReading, name: str, by_code: int, match: Match) -> None:
    there = known.records[by_code].row
    if _other_firm(known, project, by_code) and similarity(name, there["name"]) < 60:
        firm = known.firms[there["enterprise_id"]]["name"]
        reason = f"编号 {there['code']} 在系统中是“{there['name']}”（{firm}），名称和投资企业都不同，请核对编号"
        match.tell("refused", "code", "code_of_another", reason)
        return
    reason = f"编号 {there['code']} 在系统中名为“{there['name']}”，读作改名，原名记作别名"
    match.tell("warning", "name", "renamed", reason)
