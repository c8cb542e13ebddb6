"""Creating and renaming units. What a unit was called stays true of the days it was called so."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity.units import queries
from app.identity.units.models import Tier, Unit, UnitAlias, UnitKind, UnitTerm
from app.identity.units.schemas import UnitPatch
from app.kernel import calendar
from app.kernel.errors import Conflict, Invalid
from app.kernel.events import record
from app.kernel.names import pinyin, search_key, squash

_DAY = timedelta(days=1)


class UnitExists(Conflict):
    code = "unit_exists"
    message = "已有使用该编码的责任单位"
    english = "There is a unit with this code."


class NameTaken(Conflict):
    code = "unit_name_taken"
    message = "该名称或简称已指另一责任单位"
    english = "This name means another unit."


def create_unit(
    db: Session,
    code: str,
    name: str,
    tier: Tier,
    kind: UnitKind,
    valid_from: date,
    aliases: Sequence[str] = (),
) -> Unit:
    """A unit with its first term."""
    if queries.ref(db, code) is not None:
        raise UnitExists
    unit = Unit(code=code, name=name, pinyin=pinyin(name)[:300], search="", kind=kind)
    db.add(unit)
    db.flush()
    _claim(db, unit, [code, name])
    db.add(UnitTerm(unit_id=unit.id, name=name, tier=tier, valid_from=valid_from))
    _set_aliases(db, unit, aliases)
    _refresh(db, unit)
    return unit


def change_unit(db: Session, unit: Unit, patch: UnitPatch) -> None:
    """Apply what was sent: a new name or tier from its date on, other short names, another kind."""
    given = patch.model_dump(exclude_unset=True)
    for field in ("name", "tier", "kind", "aliases"):
        if field in given and given[field] is None:
            raise Invalid.field(field, "missing", "不可清空")
    if patch.name is not None or patch.tier is not None:
        if patch.valid_from is None:
            raise Invalid.field("valid_from", "missing", "更改名称或类别须给出生效日期")
        set_term(db, unit, patch.valid_from, name=patch.name, tier=patch.tier)
    elif patch.valid_from is not None:
        raise Invalid.field("valid_from", "unexpected", "须同时给出新名称或新类别")
    if patch.kind is not None:
        unit.kind = patch.kind
    if patch.aliases is not None:
        _set_aliases(db, unit, patch.aliases)
        _refresh(db, unit)


def set_term(db: Session, unit: Unit, valid_from: date, *, name: str | None = None, tier: Tier | None = None) -> None:
    """From that day on (until the next term) the unit is called so and stands in that tier; what is not said stays."""
    history = _history(db, unit)
    before = [term for term in history if term.valid_from <= valid_from]
    after = [term for term in history if term.valid_from > valid_from]
    ruling = before[-1] if before else None
    called, ranked = (name or ruling.name, tier or ruling.tier) if ruling else (name, tier)
    if called is None or ranked is None:
        raise Invalid.field("valid_from", "before_first", "早于该单位最初的生效日期时，须同时给出名称和类别")
    _claim(db, unit, [called])
    if ruling is not None and ruling.valid_from == valid_from:
        ruling.name, ruling.tier = called, ranked
        _refresh(db, unit)
        return
    if ruling is not None:
        ruling.valid_to = valid_from - _DAY
    end = after[0].valid_from - _DAY if after else None
    db.add(UnitTerm(unit_id=unit.id, name=called, tier=ranked, valid_from=valid_from, valid_to=end))
    db.flush()
    renamed = ruling is None or ruling.name != called
    record(db, "unit.renamed" if renamed else "unit.ranked", unit, valid_from=valid_from)
    _refresh(db, unit)


def _history(db: Session, unit: Unit) -> list[UnitTerm]:
    db.flush()
    return list(db.scalars(select(UnitTerm).where(UnitTerm.unit_id == unit.id).order_by(UnitTerm.valid_from)))


def _claim(db: Session, unit: Unit, names: Iterable[str]) -> None:
    """Refuse names that mean another unit: an import could not tell which is meant."""
    known = queries.index(db)
    for name in names:
        owner = known.get(squash(name))
        if owner is not None and owner.id != unit.id:
            raise NameTaken(f"“{name}”已指另一责任单位 {owner.name}")


def _set_aliases(db: Session, unit: Unit, aliases: Sequence[str]) -> None:
    wanted = {key: alias for alias in aliases if (key := squash(alias))}
    _claim(db, unit, wanted.values())
    present = {row.squashed: row for row in db.scalars(select(UnitAlias).where(UnitAlias.unit_id == unit.id))}
    for key, row in present.items():
        if key not in wanted:
            db.delete(row)
    db.add_all(
        UnitAlias(unit_id=unit.id, alias=alias, squashed=key) for key, alias in wanted.items() if key not in present
    )
    db.flush()


def _refresh(db: Session, unit: Unit) -> bool:
    """Today's name, and everything one may search it by; whether something was to be changed."""
    history = _history(db, unit)
    today = calendar.today()
    current = ([term for term in history if term.valid_from <= today] or history[:1])[-1]
    aliases = db.scalars(select(UnitAlias.alias).where(UnitAlias.unit_id == unit.id).order_by(UnitAlias.id))
    former = dict.fromkeys(term.name for term in history)
    search = search_key(unit.code, *former, *aliases)[:2000]
    changed = unit.name != current.name or unit.search != search
    unit.name, unit.pinyin, unit.search = current.name, pinyin(current.name)[:300], search
    return changed


def follow_the_calendar(db: Session) -> int:
    """Give every unit the name that begins today; how many changed."""
    return sum(_refresh(db, unit) for unit in db.scalars(select(Unit).order_by(Unit.id)).all())


def load_units(db: Session, rows: Iterable[Mapping[str, str]]) -> int:
    """Units from a table: code, name, short_names (、), tier, kind, valid_from; later rows of a code are later terms.

    What is there already is left alone, so the same table can be loaded again. Returns how many rows were new.
    """
    new = 0
    for row in rows:
        code, name, tier = row["code"].strip(), row["name"].strip(), Tier(row["tier"].strip())
        start = date.fromisoformat(row["valid_from"].strip())
        aliases = [alias.strip() for alias in row["short_names"].split("、") if alias.strip()]
        if queries.ref(db, code) is None:
            create_unit(db, code, name, tier, UnitKind(row["kind"].strip()), start, aliases)
            new += 1
            continue
        unit = queries.get(db, code, lock=True)
        if all(term.valid_from != start for term in _history(db, unit)):
            set_term(db, unit, start, name=name, tier=tier)
            new += 1
    return new
