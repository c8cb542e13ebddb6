"""How far a project has come: its stage, the day each stage was reached, and the moves that tell it as history."""

from datetime import date

from app.exchange.ledgers.drafts import Draft, never
from app.exchange.ledgers.labels import LABELS, STAGE_DATES
from app.exchange.ledgers.paper import roughly_the_day
from app.exchange.ledgers.records import plan
from app.facts.projects import restatements
from app.facts.projects.models import COUNTED_STAGES
from app.facts.projects.terms import STAGES, Stage

FROM_PAPERS = frozenset({Stage.FRAMEWORK, Stage.SIGNED})
COLUMNS = [stage.column for stage in STAGES]
TYPED = [(stage, STAGE_DATES[stage.value], stage.column) for stage in STAGES if stage not in FROM_PAPERS]
UNDATED = "台账没有写明日期"


def advance(draft: Draft) -> None:
    """Take over dates and stage, and open the moves. Papers and funds come before."""
    stated = draft.value("stage")
    final = Stage(stated) if stated is not None else None
    _dates(draft, final)
    if draft.new:
        _open(draft, final)
    elif final is not None:
        _go_on(draft, final)


def _dates(draft: Draft, final: Stage | None) -> None:
    said = draft.reading.values if draft.reading is not None else {}
    for stage, name, column in TYPED:
        day = said.get(name)
        if not isinstance(day, date):
            continue
        if day > draft.known.today:
            _ahead(draft, stage, final, name, day)
            continue
        vague = draft.vague(name)
        before = draft.row[column]
        draft.set(name, column, day, date.isoformat, roughly_the_day if vague else never)
        if stage in COUNTED_STAGES and draft.row[column] != before:
            _count(draft, stage, name, before)


def _count(draft: Draft, stage: Stage, name: str, before: date | None) -> None:
    """Figures count a new date from the first open day on; one that a closed period counts may not go."""
    row, closed = draft.row, draft.known.closed
    deferral = f"{stage}_deferred_to"
    counted_on = None if before is None else row[deferral] or before
    if counted_on is not None and (period := closed.name(counted_on)) is not None:
        draft.lock(name, period, f"{LABELS['stage'][stage]}（{before}）")
        return
    row[deferral] = closed.deferral(row[stage.column])
    if counted_on is not None:
        draft.restate(restatements.OF_STAGE[stage], counted_on, row[deferral] or row[stage.column])
    draft.defer(name, row[deferral])


def _ahead(draft: Draft, stage: Stage, final: Stage | None, name: str, day: date) -> None:
    """A day that has not come yet cannot be when something happened."""
    reached = final is not None and final.order >= stage.order and not draft.inferred("stage")
    if stage is Stage.LEAD or reached:
        draft.refuse(name, "future", "晚于今天，不能是实际日期")
        return
    draft.warn(name, "future_is_planned", f"晚于今天，读作计划日期 {day}")
    plan(draft, stage, name, day)


def _signed(draft: Draft, stage: Stage) -> bool:
    if stage.order < Stage.SIGNED.order or draft.row["signed_on"] is not None:
        return True
    if not draft.faulty({"signed_on", "contract_amount", "contract_no"}):
        label = LABELS["stage"][stage]
        reason = f"阶段为“{label}”，须有正式合同，但没有签约日期和合同金额"
        draft.refuse(None if draft.inferred("stage") else "stage", "contract_missing", reason)
    return False


def _open(draft: Draft, final: Stage | None) -> None:
    row, today = draft.row, draft.known.today
    if final is not None and draft.inferred("stage"):
        day = draft.value(STAGE_DATES[final.value])
        if isinstance(day, date) and day > today:  # read from a day that lies ahead
            final = next((stage for stage in reversed(STAGES) if row[stage.column] is not None), None)
    if final is None:
        final = Stage.LEAD
        draft.warn(None, "stage_missing", "没有阶段，也没有节点日期，读作“线索”")
    if not _signed(draft, final):
        return
    if final is Stage.FRAMEWORK and row["framework_on"] is None:
        draft.warn("stage", "paper_missing", "阶段为“意向框架”，但没有框架协议日期")
    row["stage"] = final
    papers = [line["signed_on"] for line in draft.added.get("papers", [])]
    entries = [line["arrived_on"] for line in draft.added.get("entries", [])]
    reached_on = [row[column] for column in COLUMNS if row[column] is not None]
    known = [day for day in (*reached_on, *papers, *entries) if day <= today]
    since = min(known, default=today)
    row["tracked_from"] = draft.known.closed.stands_from(since)
    for line in draft.added.get("units", []):
        line["valid_from"] = since
    _moves(draft, None, final)


def _go_on(draft: Draft, final: Stage) -> None:
    row = draft.row
    here = Stage(row["stage"])
    if final is here:
        return
    if final.order < here.order:
        if not draft.inferred("stage"):
            reason = f"系统中已到“{LABELS['stage'][here]}”，保留；退回阶段须在系统中办理并说明原因"
            draft.warn("stage", "stage_not_back", reason)
        return
    if draft.inferred("stage") and row[final.column] is None:
        return
    if draft.outdated("stage", ("project", "stage"), final, LABELS["stage"].__getitem__):
        return
    if not _signed(draft, final):
        return
    draft.set("stage", "stage", final, LABELS["stage"].__getitem__, said=False)
    _moves(draft, here, final)


def _moves(draft: Draft, here: Stage | None, final: Stage) -> None:
    """One move for each stage that was reached with a date, in order, ending at the present stage."""
    row, known = draft.row, draft.known
    path: list[tuple[Stage, date, str | None]] = []
    first, last = 0 if here is None else here.order + 1, final.order
    for stage, column in zip(STAGES[first : last + 1], COLUMNS[first : last + 1], strict=True):
        day = row[column]
        # A framework agreement that follows the contract was not on the way to it.
        late = stage is Stage.FRAMEWORK and row["signed_on"] is not None and day is not None and day > row["signed_on"]
        if day is not None and not late:
            path.append((stage, day, None))
    if not path or path[-1][0] is not final:
        days = [row[column] for column in COLUMNS[:last] if row[column] is not None]
        path.append((final, max(days, default=row["tracked_from"]), UNDATED))
    for stage, day, reason in path:
        draft.add("moves", {
            "from_stage": here, "to_stage": stage, "happened_on": day, "reason": reason, "imported": True,
            "entered_at": known.now, "entered_by": known.actor.id, "entered_by_name": known.actor_name,
        })  # fmt: skip
        here = stage
