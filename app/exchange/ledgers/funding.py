"""Money that arrived: the rows of 到位资金, or the cumulative amount that the main sheet writes beside a project.

Entries are never changed, so a ledger can only add: what it says beyond the entries there are becomes a new one. It is
declared; it counts once another person has confirmed the import.
"""

from datetime import date

from app.exchange.ledgers.drafts import Draft, FieldChange
from app.exchange.ledgers.findings import RowReading
from app.exchange.ledgers.known import Line
from app.exchange.ledgers.labels import LABELS
from app.exchange.ledgers.models import Outcome
from app.exchange.ledgers.records import wan
from app.facts.funds.models import FundEntry, FundKind, FundSource
from app.facts.recognition.terms import EntryState
from app.kernel.bulk import names_of, table_of
from app.kernel.money import PLAUSIBLE_FEN

_NOTE_LIMIT = 500
_BLANK = dict.fromkeys(names_of(table_of(FundEntry))) | {"currency": "CNY", "split": False, "imported": True}


def pay(draft: Draft) -> None:
    """Bring the entries up to what the file says; the project's 到位资金 is the sum of those that count."""
    lines = draft.record.entries if draft.record else []
    undone = {line["reverses_id"] for line in lines if line["reverses_id"] is not None}
    stand = [line for line in lines if line["reverses_id"] is None and line["id"] not in undone]
    live = [line for line in stand if line["state"] is not EntryState.REJECTED]
    followed = {line["follows_id"] for line in lines}
    pending = [line for line in stand if line["state"] is not EntryState.RECOGNISED and line["id"] not in followed]
    gone = [line for line in lines if line["reverses_id"] is None and line not in live]
    entries = [line for line in lines if line["state"] is EntryState.RECOGNISED]
    fresh = len(entries)
    for row in draft.fund_rows:
        if _sound(draft, row):
            _take(draft, live, gone, entries, row)
    if draft.reading is not None:
        total = sum(line["amount_fen"] for line in entries)
        if draft.fund_rows:
            _check_total(draft, entries[:fresh], pending, total, sum(line["amount_fen"] for line in entries[fresh:]))
        elif draft.value("funds") is not None or draft.value("funds_by_year") is not None:
            _cumulative(draft, entries, pending)


def _sound(draft: Draft, row: RowReading) -> bool:
    """Check what a row says by itself, whatever of it could be read. May it be taken?"""
    day, fen, note = row.values.get("arrived_on"), row.values.get("amount"), row.values.get("note")
    sound = not row.refused
    if isinstance(day, date) and day > draft.known.today:
        draft.refuse("arrived_on", "future", "晚于今天，尚未到位", row)
        sound = False
    if isinstance(fen, int) and not 0 < fen < PLAUSIBLE_FEN:
        reason = "到位金额应大于零" if fen <= 0 else "到位金额过大，请核对单位"
        draft.refuse("amount", "amount_implausible", reason, row)
        sound = False
    if isinstance(note, str) and len(note) > _NOTE_LIMIT:
        draft.refuse("note", "too_long", f"过长，至多 {_NOTE_LIMIT} 个字符", row)
        sound = False
    return sound


def _take(draft: Draft, live: list[Line], gone: list[Line], entries: list[Line], row: RowReading) -> None:
    day, fen, note = row.values["arrived_on"], row.values["amount"], row.values.get("note")
    assert isinstance(day, date) and isinstance(fen, int)
    found = _same(live, row, day, fen)
    if found is not None:
        live.remove(found)
        if found["state"] is EntryState.DECLARED:
            draft.warn(None, "fund_pending", "系统中这笔资金已申报、尚未认定，认定后才计入", row)
        _compare(draft, found, row)
        return
    if (old := _same(gone, row, day, fen)) is not None:
        gone.remove(old)
        draft.warn(None, "reversed", "系统中这笔资金已冲销或退回，未再记入", row)
        return
    entries.append(_enter(draft, row, day, fen, note if isinstance(note, str) else None))
    result = draft.result(row)
    result.outcome = Outcome.CREATED
    if not draft.new:
        draft.changes.append(FieldChange("funds", None, f"{day} {wan(fen)}"))


def _same(lines: list[Line], row: RowReading, day: date, fen: int) -> Line | None:
    """The entry that a row speaks of: same day and amount, best also same source and kind."""
    alike = [line for line in lines if line["arrived_on"] == day and line["amount_fen"] == fen]
    said = (row.values.get("source"), row.values.get("fund_kind"))
    best = [line for line in alike if said in ((line["source"], line["kind"]), (None, None))]
    return next(iter(best or alike), None)


def _compare(draft: Draft, line: Line, row: RowReading) -> None:
    for name, column in (("source", "source"), ("fund_kind", "kind")):
        said = row.values.get(name)
        if said is not None and said != line[column]:
            there = LABELS[name][line[column]]
            draft.warn(
                name, "fund_differs", f"系统中这笔资金为“{there}”，已记入的资金不作更改；如有误请冲销后重新登记", row
            )


def _enter(draft: Draft, row: RowReading, day: date, fen: int, note: str | None) -> Line:
    known = draft.known
    source, kind = row.values.get("source"), row.values.get("fund_kind")
    missing = []
    if source is None:
        source = _likely_source(draft)
        missing.append(f"没有资金来源，读作“{LABELS['source'][source]}”")
    if kind is None:
        kind = FundKind.OTHER
        missing.append(f"没有资金性质，读作“{LABELS['fund_kind'][kind]}”")
    if missing:
        draft.warn(None, "fund_incomplete", "；".join(missing), row)
    line = _BLANK | {
        "arrived_on": day, "amount_fen": fen, "source": FundSource(str(source)), "kind": FundKind(str(kind)),
        "state": EntryState.DECLARED, "note": note, "entered_at": known.now, "entered_by": known.actor.id,
        "entered_by_name": known.actor_name,
    }  # fmt: skip
    draft.add("entries", line)
    return line


def _likely_source(draft: Draft) -> FundSource:
    """Where the money probably came from: where the investor did."""
    origin, district = draft.row["origin_region"], draft.known.district
    if origin is None or not origin.startswith(district[:2]):
        return FundSource.OUTSIDE_CITY
    return FundSource.LOCAL if origin == district else FundSource.OUTSIDE_DISTRICT


# -- beside the project --------------------------------------------------------------------------------------------


def _outdated(draft: Draft, entries: list[Line], name: str, *stated: int) -> bool:
    """Did the entries come to this before people entered or reversed some? Then theirs stand, and that is told."""
    by_hand = [(edits[-1], line) for line in entries if (edits := draft.edits("fund_entry", line.get("id")))]
    there = was = sum(line["amount_fen"] for line in entries)
    for _, line in sorted(by_hand, key=lambda pair: (pair[0].at, pair[1]["id"]), reverse=True):
        was -= line["amount_fen"]
        if was in stated:
            edit = max((edit for edit, _ in by_hand), key=lambda edit: edit.at)
            draft.warn(name, "edited_since", f"{edit.who}在系统中登记或冲销过到位资金，现为 {wan(there)}，"
                                             "台账所写是此前的数，未采用")  # fmt: skip
            return True
    return False


def _waiting(draft: Draft, pending: list[Line], name: str, more: int) -> bool:
    """Is what a file says beyond what counts among the money that nobody has recognised? It is not let in that way."""
    if not pending:
        return False
    amounts = {state: sum(line["amount_fen"] for line in pending if line["state"] is state) for state in EntryState}
    declared, rejected = amounts[EntryState.DECLARED], amounts[EntryState.REJECTED]
    if not 0 < more <= declared + rejected:
        return False
    told = [f"已申报、尚未认定的 {wan(declared)}"] * bool(declared) + [f"已退回的 {wan(rejected)}"] * bool(rejected)
    reason = f"系统中另有{'和'.join(told)}，台账多出的 {wan(more)} 读作其中的资金，未另行记入"
    draft.warn(name, "fund_pending", reason)
    return True


def _check_total(draft: Draft, entries: list[Line], pending: list[Line], total: int, fresh: int) -> None:
    stated = draft.value("funds")
    if stated is None or stated == total or draft.vague("funds"):
        return
    if _waiting(draft, pending, "funds", stated - total):
        return
    if not _outdated(draft, entries, "funds", stated, stated - fresh):
        reason = f"“到位资金”表与系统中的明细合计 {wan(total)}，本行写 {wan(stated)}，相差 {wan(abs(total - stated))}"
        draft.refuse("funds", "funds_total_mismatch", reason)


def _cumulative(draft: Draft, entries: list[Line], pending: list[Line]) -> None:
    by_year, until = draft.value("funds_by_year"), draft.value("funds_until")
    if isinstance(by_year, dict):
        for year in sorted(by_year):
            of_year = [line for line in entries if line["arrived_on"].year == year]
            end = until if until is not None and until.year == year else min(date(year, 12, 31), draft.known.today)
            waiting = [line for line in pending if line["arrived_on"].year == year]
            if entry := _difference(draft, of_year, waiting, "funds_by_year", f"{year} 年", by_year[year], end):
                entries.append(entry)
    stated, day = draft.value("funds"), draft.value("funds_on")
    if stated is None:
        return
    if day is None and isinstance(by_year, dict):  # what no year accounts for came before them
        day = date(min(by_year) - 1, 12, 31)
    if entry := _difference(draft, entries, pending, "funds", "累计", stated, day):
        entries.append(entry)


def _difference(
    draft: Draft, entries: list[Line], pending: list[Line], name: str, what: str, stated: int, day: date | None
) -> Line | None:  # fmt: skip
    """What is stated beyond what is there becomes an entry; less than there is cannot be."""
    there = sum(line["amount_fen"] for line in entries)
    known = there + sum(line["amount_fen"] for line in pending if line["state"] is EntryState.DECLARED)
    near = draft.vague(name) and any(sum_ and abs(stated - sum_) * 10 <= sum_ for sum_ in (there, known))
    if stated == there or near:
        return None
    if _outdated(draft, entries, name, stated) or _waiting(draft, pending, name, stated - there):
        return None
    if stated < there:
        reason = f"{what}到位 {wan(stated)}，少于系统中已记入的 {wan(there)}；到位资金不能减少，请在系统中冲销"
        draft.refuse(name, "funds_fell", reason)
        return None
    there = known  # what is declared is not said anew
    if day is None:
        draft.refuse(name, "funds_date_missing", f"{what}到位比已记入的多 {wan(stated - there)}，但没有到位日期")
        return None
    if day > draft.known.today:
        draft.refuse("funds_on", "future", "晚于今天，尚未到位")
        return None
    row = draft.origin(name)
    source = _likely_source(draft)
    more = stated - there
    reading = f"{what}到位 {wan(stated)}"
    reading += f"，比已记入的 {wan(there)} 多 {wan(more)}，差额" if there else "，"
    reason = f"{reading}读作 {day} 到位的一笔，来源“{LABELS['source'][source]}”、性质“其他”"
    draft.warn(name, "funds_as_one_entry", reason)
    bare = RowReading(row.sheet, row.number, {}, {"source": source, "fund_kind": FundKind.OTHER})
    if not draft.new:
        draft.changes.append(FieldChange(name, wan(there), wan(stated)))
    return _enter(draft, bare, day, more, f"台账{what}数补记")
