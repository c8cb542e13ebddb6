"""An import from the file to its result: read and plan without a transaction, write in one short one."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.exchange.ledgers import known as knowledge
from app.exchange.ledgers import matching, report
from app.exchange.ledgers.apply import Moved, apply, prepare
from app.exchange.ledgers.findings import Reading
from app.exchange.ledgers.models import LedgerImport, LedgerImportRow, Mode, Outcome, Phase, State
from app.exchange.ledgers.plan import Plan, plan
from app.exchange.ledgers.reading import read
from app.kernel import bulk, calendar, events
from app.kernel.access import Actor
from app.kernel.db import Database
from app.kernel.errors import Conflict, Problem
from app.kernel.inspection.names import display_name
from app.kernel.money import display
from app.kernel.sheets import read_workbook

log = structlog.get_logger()

Progress = Callable[[Phase, int, int], None]
BEAT = timedelta(seconds=1)
SILENT_FOR = timedelta(minutes=10)
ATTEMPTS = 3


class Interrupted(Conflict):
    code = "import_interrupted"
    message = "导入已被中断，没有写入任何数据，请重新导入"
    english = "The import was interrupted and has written nothing. Import the file again."


@dataclass(slots=True)
class Task:
    """A file to import: its row is there, its work is not done."""

    number: int
    actor: Actor
    data: bytes
    filename: str
    mode: Mode
    district: str


def begin(
    database: Database,
    actor: Actor,
    data: bytes,
    filename: str,
    mode: Mode,
    district: str,
    waited: int | None = None,
) -> Task:
    """Note that this file is being imported, and how many seconds the importer waits for the answer."""
    name = display_name(filename)
    now = calendar.now()
    with database.unit_of_work() as db:
        events.act(db, actor)
        job = LedgerImport(
            filename=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data), mode=mode, state=State.RUNNING,
            by=actor.id, by_name=actor.name, at=now, beat_at=now, waited=waited,
        )  # fmt: skip
        db.add(job)
        events.record(db, "ledger_import.started", job)
        number = job.id
    return Task(number, actor, data, name, mode, district)


def run(database: Database, task: Task, progress: Progress | None = None) -> None:
    """Do the work. Whatever goes wrong, the import's row says how it ended, and nothing was written by halves."""
    beat = _Beat(database, task.number, progress)
    try:
        _run(database, task, beat)
    except Problem as problem:
        _fail(database, task, problem.said)
    except ValueError as error:  # the file cannot be read; says why
        _fail(database, task, str(error))
    except Exception as error:
        log.error("import_failed", number=task.number, exc_info=error)
        _fail(database, task, "系统内部错误，没有写入任何数据；请凭导入编号联系管理员")


def _run(database: Database, task: Task, beat: "_Beat") -> None:
    beat(Phase.READING, 0, 0)
    dialect = database.writer.dialect
    taken = (DBAPIError, dialect.dbapi.Error) if dialect.dbapi is not None else (DBAPIError,)
    sheets = read_workbook(task.data, task.filename)
    reading = read(sheets, calendar.today(), lambda done, total: beat(Phase.READING, done, total))
    for attempt in range(ATTEMPTS):
        try:
            if attempt + 1 < ATTEMPTS:
                with database.reading() as connection:
                    planned = _plan(connection, task, reading, beat)
                phase = Phase.CHECKING if task.mode is Mode.DRY_RUN else Phase.WRITING
                beat(phase, 0, len(planned.drafts), now=True)
                with database.unit_of_work() as db:
                    _finish(db, task, reading, planned)
                return
            with database.unit_of_work() as db:  # others keep changing what we plan on: let them wait this once
                bulk.alone(db.connection(), "ledger_import")
                _finish(db, task, reading, _plan(db, task, reading, None))
            return
        except Moved:
            log.info("import_planned_again", number=task.number, attempt=attempt)
        except taken as error:  # a unique name or a lock was taken by somebody faster
            if attempt + 1 == ATTEMPTS:
                raise
            log.info("import_planned_again", number=task.number, attempt=attempt, reason=type(error).__name__)
    raise Interrupted("系统中的数据在导入期间不断变化，没有写入任何数据，请稍后重试")


def _plan(db: knowledge.Reader, task: Task, reading: Reading, beat: "_Beat | None") -> Plan:
    known = knowledge.survey(db, task.actor, task.district)
    knowledge.recall(db, known, matching.names(reading))
    knowledge.load(db, known, matching.candidates(known, reading))
    matches = matching.unite(known, reading)
    total = len(reading.projects)
    progress = None if beat is None else lambda done, _: beat(Phase.CHECKING, done, total)
    planned = plan(reading, known, matches, progress)
    prepare(planned)
    return planned


def _finish(db: Session, task: Task, reading: Reading, planned: Plan) -> None:
    """Write what may be written, and how the import ended, in one transaction."""
    events.act(db, task.actor)
    refused = report.refusals(reading, planned)
    stopped = bool(refused) and task.mode is Mode.ALL
    told = report.counts(reading, planned)
    summary = {"counts": told, "sheets": report.sheets(reading)}
    warnings = report.warnings(reading, planned)
    written = not stopped and task.mode is not Mode.DRY_RUN
    if written:
        apply(db, planned, task.number)
    job = db.scalars(select(LedgerImport).where(LedgerImport.id == task.number).with_for_update()).one()
    if job.state is not State.RUNNING:
        raise Interrupted
    outcomes = [result.outcome for result in planned.results.values()]
    job.created, job.changed = outcomes.count(Outcome.CREATED), outcomes.count(Outcome.CHANGED)
    job.unchanged, job.refused = outcomes.count(Outcome.UNCHANGED), outcomes.count(Outcome.REFUSED)
    job.warnings, job.summary = warnings, summary
    job.phase = Phase.WRITING if written else Phase.CHECKING
    job.done = job.total = len(planned.drafts)
    job.message = _said(task.mode, job, refused, stopped, planned) if outcomes else _nothing_read(reading)
    job.state = State.REFUSED if stopped else State.DONE
    job.finished_at = job.beat_at = calendar.now()
    events.record(db, f"ledger_import.{job.state.value}", job)
    _write_rows(db, task.number, reading, planned)


def _said(mode: Mode, job: LedgerImport, refused: int, stopped: bool, planned: Plan) -> str:
    told = f"新增 {job.created} 行，变更 {job.changed} 行，无变化 {job.unchanged} 行，拒绝 {job.refused} 行"
    funds = [line["amount_fen"] for draft in planned.accepted for line in draft.added.get("entries", ())]
    if funds:
        amount = display(sum(funds), "万元", 6, trim=True)
        told += f"。带入到位资金 {len(funds)} 笔、共 {amount}，由另一人确认后计入"
    if stopped:
        return f"有 {refused} 处被拒绝，没有写入任何数据；改正后重新导入，或选择只写入没有问题的行。{told}"
    if mode is Mode.DRY_RUN:
        return f"试运行，没有写入任何数据。如正式导入：{told}"
    return told


def _nothing_read(reading: Reading) -> str:
    """Why a file gave no row, sheet by sheet."""
    reasons = []
    for sheet in reading.sheets:
        found = "；".join(finding.message for finding in sheet.findings)
        reasons.append(f"“{sheet.name}”：{found or ('整张表未读取' if sheet.kind == 'skipped' else '表头下没有记录')}")
    return "。".join(["没有读到任何一行，没有写入任何数据", *reasons])


def _write_rows(db: Session, number: int, reading: Reading, planned: Plan) -> None:
    connection, table = db.connection(), bulk.table_of(LedgerImportRow)
    told = list(report.rows(reading, planned))
    numbers = bulk.next_ids(connection, table, len(told))
    bulk.insert(connection, table, [
        {"id": key, "import_id": number, "place": place, "outcome": outcome, "warned": warned, "project_id": project_id,
         "body": body}
        for place, (key, (outcome, warned, project_id, body)) in enumerate(zip(numbers, told, strict=True), start=1)
    ])  # fmt: skip


def _fail(database: Database, task: Task, message: str) -> None:
    with database.unit_of_work() as db:
        events.act(db, task.actor)
        job = db.scalars(select(LedgerImport).where(LedgerImport.id == task.number).with_for_update()).one()
        if job.state is State.RUNNING:
            _end_badly(db, job, message)


def _end_badly(db: Session, job: LedgerImport, message: str) -> None:
    job.state, job.message, job.finished_at = State.FAILED, message, calendar.now()
    events.record(db, "ledger_import.failed", job)


def give_up(database: Database) -> None:
    """End imports whose process was stopped: nobody has given a sign of life for ten minutes."""
    with database.unit_of_work() as db:
        silent = LedgerImport.beat_at < calendar.now() - SILENT_FOR
        for job in db.scalars(
            select(LedgerImport).where(LedgerImport.state == State.RUNNING, silent).with_for_update()
        ):
            _end_badly(db, job, Interrupted.message)


class _Beat:
    """Tells how far an import is, at most once a second, outside of its transaction and of the log."""

    def __init__(self, database: Database, number: int, progress: Progress | None) -> None:
        self.database, self.number, self.progress = database, number, progress
        self.last = calendar.now()

    def __call__(self, phase: Phase, done: int, total: int, *, now: bool = False) -> None:
        if self.progress is not None:
            self.progress(phase, done, total)
        at = calendar.now()
        if not now and at - self.last < BEAT:
            return
        self.last = at
        values = {"phase": phase, "done": done, "total": total, "beat_at": at}
        with self.database.unit_of_work() as db:
            db.execute(update(LedgerImport).where(LedgerImport.id == self.number).values(values))
