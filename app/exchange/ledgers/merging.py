"""Rows of one file that speak of one project: under one name on two sheets, under two names, or by an alias."""

import re
from collections.abc import Iterable
from datetime import date

from app.exchange.ledgers.findings import MONEY_FIELDS, ProjectReading, Reading, RowReading, Value, spelled
from app.exchange.ledgers.labels import STAGE_ORDER
from app.kernel.names import squash

_PLAIN = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]+")
_UNITED = frozenset({"aliases", "co_units", "other_enterprises"})
_JOINED = frozenset({"note", "problem", "progress", "content", "place"})


def merge(reading: Reading) -> None:
    """Fill `reading.projects` and `reading.owners`; rows that contradict each other are refused."""
    known = _Known(reading.projects)
    for row in reading.rows("projects"):
        if "name" in row.values or "code" in row.values:
            known.take(row)
        else:  # refused already; what else is wrong with it is to be told as well
            reading.projects.append(ProjectReading(dict(row.values), [row], dict.fromkeys(row.values, row)))
    for kind in ("agreements", "funds"):
        seen: dict[tuple[object, ...], RowReading] = {}
        for row in reading.rows("agreements" if kind == "agreements" else "funds"):
            project = known.find_by_name(row)
            if project:
                reading.owners[row.sheet, row.number] = project
            _repeated(row, project, seen)
    for row in reading.rows("agreements"):
        _against_main_sheet(row, reading.owners.get((row.sheet, row.number)))
    _alike(reading.projects)


def join(reading: Reading, project: ProjectReading, other: ProjectReading) -> None:
    """Make one of two projects of the file; `other` is gone then."""
    reading.projects = [each for each in reading.projects if each is not other]
    for place, owner in reading.owners.items():
        if owner is other:
            reading.owners[place] = project
    for row in other.rows:
        _add(project, row)


class _Known:
    """The projects met so far, by everything they can be recognised by."""

    def __init__(self, projects: list[ProjectReading]) -> None:
        self.projects = projects
        self.by_code: dict[str, ProjectReading] = {}
        self.by_name: dict[str, ProjectReading] = {}
        self.by_alias: dict[str, ProjectReading] = {}
        self.by_contract: dict[str, ProjectReading] = {}
        self.shared: set[str] = set()  # names of several projects, which their codes tell apart

    def take(self, row: RowReading) -> None:
        found = self._find(row)
        project = found[0] if found else ProjectReading()
        for other in found[1:]:
            self._absorb(project, other)
        if not found:
            self.projects.append(project)
        _add(project, row)
        self._index(project, row)

    def find_by_name(self, row: RowReading) -> ProjectReading | None:
        code, name = row.values.get("code"), row.values.get("name")
        if isinstance(code, str) and code in self.by_code:
            return self.by_code[code]
        if not isinstance(name, str):
            return None
        key = _key(name)
        if key in self.shared and not isinstance(code, str):
            row.tell("refused", "name", "name_ambiguous", "本文件中有多个同名项目，请填写项目编号")
            return None
        return _unless_other_code(row, self.by_name.get(key) or self.by_alias.get(key))

    def _find(self, row: RowReading) -> list[ProjectReading]:
        """Projects this row speaks of; more than one when it says that two names are one project."""
        found: list[ProjectReading | None] = [self.find_by_name(row)]
        named = [self.by_name.get(_key(alias)) for alias in _names(row.values.get("aliases"))]
        found += [_unless_other_code(row, each) for each in named]
        unique = {id(project): project for project in found if project is not None}
        contract = row.values.get("contract_no")
        if not unique and isinstance(contract, str) and contract in self.by_contract:
            other = self.by_contract[contract]
            if other.values.get("enterprise") == row.values.get("enterprise"):
                return [other]
            reason = f"合同编号与{other.rows[0].where('contract_no')}相同，但投资企业不同，请核对"
            row.tell("warning", "contract_no", "contract_no_twice", reason)
        return list(unique.values())

    def _index(self, project: ProjectReading, row: RowReading) -> None:
        values = row.values
        if isinstance(code := values.get("code"), str):
            self.by_code[code] = project
        name = values.get("name")
        if isinstance(name, str) and self.by_name.setdefault(_key(name), project) is not project and not row.refused:
            self.shared.add(_key(name))
        for alias in _names(values.get("aliases")):
            if len(_key(alias)) >= 2:
                self.by_alias.setdefault(_key(alias), project)
        if isinstance(contract := values.get("contract_no"), str):
            self.by_contract.setdefault(contract, project)

    def _absorb(self, project: ProjectReading, other: ProjectReading) -> None:
        self.projects.remove(other)
        for row in other.rows:
            _add(project, row)
            self._index(project, row)
        for table in (self.by_code, self.by_name, self.by_alias, self.by_contract):
            for key, owner in table.items():
                if owner is other:
                    table[key] = project


def _unless_other_code(row: RowReading, project: ProjectReading | None) -> ProjectReading | None:
    """Two codes are two projects, whatever they are called."""
    code = row.values.get("code")
    if project is None or not isinstance(code, str):
        return project
    return project if project.values.get("code", code) == code else None


def _key(name: str) -> str:
    """`squash`, at once for the plain names that most are."""
    return name.lower() if _PLAIN.fullmatch(name) else squash(name)


def _names(value: Value | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _add(project: ProjectReading, row: RowReading) -> None:
    if not project.rows:
        project.rows.append(row)
        project.values = dict(row.values)
        project.origins = dict.fromkeys(row.values, row)
        return
    first = project.rows[0]
    project.rows.append(row)
    old, new = project.values.get("name"), row.values.get("name")
    if isinstance(old, str) and isinstance(new, str) and old != new:
        _second_name(project, row, old, new)
    else:
        row.tell("info", "name", "same_project", f"与{first.where()}是同一项目，合并读取")
    later_funds = _later_funds(project, row)
    for name, value in row.values.items():
        if name == "name" and old is not None:
            continue
        if name in ("funds", "funds_on") and later_funds is not None:
            if later_funds:
                project.values[name], project.origins[name] = value, row
            continue
        _combine(project, row, name, value)


def _second_name(project: ProjectReading, row: RowReading, old: str, new: str) -> None:
    if _key(old) == _key(new):
        row.tell("info", "name", "same_project", f"与{project.rows[0].where()}“{old}”是同一项目，合并读取")
        return
    reason = f"与{project.rows[0].where()}“{old}”读作同一项目（编号、别名或合同编号相同），此名称记作别名"
    row.tell("warning", "name", "second_name", reason)
    project.values["aliases"] = tuple(dict.fromkeys((*_names(project.values.get("aliases")), new)))
    project.origins.setdefault("aliases", row)


def _later_funds(project: ProjectReading, row: RowReading) -> bool | None:
    """Two cumulative amounts of different days: whether the row's is the later one; None when that is not so."""
    old, new = project.values.get("funds_on"), row.values.get("funds_on")
    if not isinstance(old, date) or not isinstance(new, date) or old == new or "funds" not in row.values:
        return None
    if row.values["funds"] != project.values.get("funds"):
        later, earlier = (new, old) if new > old else (old, new)
        reason = f"同一项目有 {earlier} 和 {later} 两个累计数，读作 {later} 的"
        row.tell("warning", "funds", "funds_of_two_days", reason)
    return new > old


def _combine(project: ProjectReading, row: RowReading, name: str, value: Value) -> None:
    old = project.values.get(name)
    if old is None:
        project.values[name], project.origins[name] = value, row
        return
    if old == value:
        return
    origin = project.origins.get(name, project.rows[0])
    inferred_before, inferred_now = name in origin.inferred, name in row.inferred
    if name == "funds_until" and isinstance(old, date) and isinstance(value, date):
        project.values[name] = max(old, value)
    elif name in _UNITED:
        project.values[name] = tuple(dict.fromkeys((*_names(old), *_names(value))))
    elif name in _JOINED and isinstance(old, str) and isinstance(value, str):
        if value not in old.split("\n"):
            project.values[name] = f"{old}\n{value}"
    elif name == "funds_by_year" and isinstance(old, dict) and isinstance(value, dict):
        if any(old.get(year, fen) != fen for year, fen in value.items()):
            _conflict(row, name, old, origin)
        project.values[name] = {**value, **old}
    elif inferred_before != inferred_now:
        if inferred_before:
            project.values[name], project.origins[name] = value, row
    elif name == "stage" and isinstance(old, str) and isinstance(value, str):
        further = max(old, value, key=STAGE_ORDER.__getitem__)
        if not inferred_now:
            reason = f"与{origin.where(name)}“{spelled(name, old)}”不同，读作较后的“{spelled(name, further)}”"
            row.tell("warning", name, "stage_differs", reason)
        project.values[name], project.origins[name] = further, row if further == value else origin
    elif inferred_now:
        reason = f"与{origin.where(name)}“{spelled(name, old)}”不同，按前者读取"
        row.tell("warning", name, "inferred_differs", reason)
    elif name == "unit":
        project.other_units.append(row)
    elif not _one_is_vague(project, row, name, value, old, origin):
        _conflict(row, name, old, origin)


def _conflict(row: RowReading, name: str, old: Value, origin: RowReading) -> None:
    hint = ""
    if name in ("signed_on", "contract_amount", "contract_no"):
        hint = "；如为两份合同，请逐份写入“合同协议”表"
    row.tell("refused", name, "conflict", f"同一项目在{origin.where(name)}写作“{spelled(name, old)}”，互相矛盾{hint}")


def _one_is_vague(
    project: ProjectReading, row: RowReading, name: str, value: Value, old: Value, origin: RowReading
) -> bool:
    """2020年3月 and 2020-03-12 agree, and so do 约5000 and 5012: the exact one is taken."""
    vague_before, vague_now = name in origin.vague, name in row.vague
    if vague_before == vague_now:
        return False
    vague, exact = (old, value) if vague_before else (value, old)
    if isinstance(vague, date) and isinstance(exact, date):
        whole_year = (vague.month, vague.day) == (12, 31)
        agree = vague.year == exact.year and (whole_year or vague.month == exact.month)
    elif name in MONEY_FIELDS and isinstance(vague, int) and isinstance(exact, int):
        agree = abs(vague - exact) * 10 <= exact
    else:
        return False
    if agree:
        row.tell("info", name, "exact_taken", f"与{origin.where(name)}相合，按较确切的“{spelled(name, exact)}”读取")
        if vague_before:
            project.values[name], project.origins[name] = value, row
    return agree


def _repeated(row: RowReading, project: ProjectReading | None, seen: dict[tuple[object, ...], RowReading]) -> None:
    values = {name: value for name, value in row.values.items() if name not in ("note", "code", "name")}
    owner: object = id(project) if project else _key(str(row.values.get("name") or row.values.get("code") or ""))
    key = (owner, *sorted((name, str(value)) for name, value in values.items()))
    if key in seen:
        row.tell("warning", None, "row_twice", f"与{seen[key].where()}完全相同，请核对是否重复")
    else:
        seen[key] = row


def _against_main_sheet(row: RowReading, project: ProjectReading | None) -> None:
    """The formal contract that the main sheet names must be the same on both."""
    number = row.values.get("contract_no")
    if project is None or row.values.get("agreement_type") != "formal" or number is None:
        return
    if project.values.get("contract_no") != number:
        return
    for name in ("signed_on", "contract_amount"):
        old, new = project.values.get(name), row.values.get(name)
        if old is not None and new is not None and old != new:
            origin = project.origins.get(name, project.rows[0])
            if not _one_is_vague(project, row, name, new, old, origin):
                reason = f"同一合同在{origin.where(name)}写作“{spelled(name, old)}”，互相矛盾"
                row.tell("refused", name, "conflict", reason)


def _alike(projects: Iterable[ProjectReading]) -> None:
    """Two names with one investor, day and amount are probably one project; nobody but the officer can know."""
    seen: dict[tuple[Value, ...], ProjectReading] = {}
    for project in projects:
        key = tuple(project.values.get(name) for name in ("enterprise", "signed_on", "contract_amount"))
        known = tuple(value for value in key if value is not None)
        if len(known) < 3:
            continue
        if known in seen:
            other = seen[known].rows[0]
            who = f"{other.where()}“{other.values.get('name', '')}”"
            reason = f"投资企业、签约日期、合同金额与{who}相同，请核对是否同一项目"
            project.rows[0].tell("warning", "name", "maybe_same_project", reason)
        else:
            seen[known] = project
