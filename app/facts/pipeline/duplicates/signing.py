"""The guard at the signing: nobody signs a project without saying that it is not another one signed again.

The answers are somebody's word about two projects, kept with who and why. They come with the move, or before it: from
whoever may see both, where the one who signs may not. A refusal keeps nothing, so an answer "the same" is kept by
giving it before (`POST …/duplicates/answers`); with the move it only stops the move.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.pipeline.duplicates import queries
from app.facts.pipeline.duplicates.rules import DUPLICATES
from app.facts.pipeline.duplicates.schemas import DuplicateAnswerIn
from app.facts.pipeline.duplicates.suspects import Suspect, suspects
from app.facts.pipeline.duplicates.terms import SUSPICION_LABELS
from app.facts.pipeline.gates import overrides
from app.facts.pipeline.models import DuplicateAnswer
from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.facts.projects.queries import visible
from app.facts.projects.terms import STAGE_LABELS, Stage
from app.identity.auth.queries import name_of
from app.kernel import calendar, events, rules
from app.kernel.access import Actor
from app.kernel.errors import Conflict, FieldError, Invalid
from app.kernel.events import Entry

FIELD = "duplicate_answers"


class DuplicateSuspected(Conflict):
    code = "duplicate_suspected"
    message = "有项目疑似与本项目重复，须逐一答复是否同一项目，见 errors"
    english = "Other projects may be the same one: answer for each of them, see `errors`."


class SameProject(Conflict):
    code = "same_project"
    message = "已答复为与另一项目是同一项目，不再签约；请在那个项目上登记合同"
    english = "It was said to be the same as another project: record the contract there."


def answer(
    db: Session, actor: Actor, code: str, answers: Sequence[DuplicateAnswerIn]
) -> tuple[Project, list[DuplicateAnswer]]:  # fmt: skip
    """Say of other projects whether they are the same as this one; for everyone who may change it and see them."""
    project = projects.open_for_change(db, actor, code)
    found = _suspects(db, project)
    given = _record(db, actor, project, answers, found, "answers")
    projects.touch(db, project)
    return project, given


def guard(db: Session, actor: Actor, project: Project, answers: Sequence[DuplicateAnswerIn]) -> None:
    """Refuse (409) a signing while something is suspected that nobody has answered, or was answered "the same"."""
    found = _suspects(db, project)
    for place, one in enumerate(answers):
        if one.same:
            other = _other(db, actor, project, one, f"{FIELD}.{place}.project")
            raise SameProject(_same(other), errors=[_error(other.code, "same_project", _same(other))])
    _record(db, actor, project, answers, found, FIELD)
    known = queries.newest(db, project.id)
    same = [other for other, said in known.items() if said.same]
    if same:
        there = queries.seen(db, actor, same)
        raise SameProject(
            next((_same(row) for row in there.values()), None),
            None if there else SameProject.english,
            errors=[_error(row.code, "same_project", _same(row)) for row in there.values()],
        )
    left = [one for one in found if not queries.settles(known.get(one.project_id), one)]
    if left:
        raise _suspected(db, actor, left)


def contract_recorded(db: Session, entry: Entry) -> None:
    """A contract recorded by itself signs the project for all figures: the same is asked of it as of the move.

    Suspicions are answered and an exception is approved beforehand; the move that follows is what uses it up.
    """
    actor: Actor | None = db.info.get("actor")
    signs = any(
        row.table == Project.__tablename__ and isinstance(row.fields, dict) and _sets_a_day(row.fields.get("signed_on"))
        for row in entry.rows
    )
    if actor is None or actor.kind == "system" or not signs:
        return
    project = db.get_one(Project, entry.subject_id)
    if project.stage.order < Stage.SIGNED.order and project.signed_on is not None:
        overrides.go_through(db, project, Stage.SIGNED, project.signed_on)
        guard(db, actor, project, ())


def _sets_a_day(change: object) -> bool:
    return isinstance(change, list | tuple) and change[1] is not None


def _suspects(db: Session, project: Project) -> list[Suspect]:
    db.flush()
    return suspects(db, project, rules.in_force(db, DUPLICATES, calendar.today()).body)


def _record(
    db: Session, actor: Actor, project: Project, answers: Sequence[DuplicateAnswerIn], found: list[Suspect], field: str
) -> list[DuplicateAnswer]:
    suspected = {one.project_id: [suspicion.value for suspicion in one.suspicions] for one in found}
    given: dict[int, DuplicateAnswer] = {}
    for place, one in enumerate(answers):
        other = _other(db, actor, project, one, f"{field}.{place}.project")
        if other.id in given:
            raise Invalid.field(f"{field}.{place}.project", "twice", "同一项目答复了两次")
        given[other.id] = DuplicateAnswer(
            project_id=project.id, other_id=other.id, same=one.same, why=one.why,
            suspicions=suspected.get(other.id, []), answered_at=calendar.now(), answered_by=actor.id,
            answered_by_name=name_of(db, actor),
        )  # fmt: skip
    if given:
        db.add_all(given.values())
        events.record(db, "project.duplicates_answered", project, answers=len(given))
    return list(given.values())


def _other(db: Session, actor: Actor, project: Project, one: DuplicateAnswerIn, field: str) -> Project:
    other = db.scalars(select(Project).where(Project.code == one.project, visible(actor))).one_or_none()
    if other is None:
        raise Invalid.field(field, "unknown_project", "没有这个项目，或您无权查看")
    if other.id == project.id:
        raise Invalid.field(field, "itself", "这就是本项目")
    return other


def _suspected(db: Session, actor: Actor, left: list[Suspect]) -> DuplicateSuspected:
    shown = queries.seen(db, actor, [one.project_id for one in left])
    errors = []
    for one in left:
        row = shown.get(one.project_id)
        if row is not None:
            why = "、".join(SUSPICION_LABELS[suspicion] for suspicion in one.suspicions)
            said = f"「{row.name}」（{row.code}，{STAGE_LABELS[row.stage]}）：{why}"
            errors.append(_error(row.code, one.suspicions[0], said))
    withheld = len(left) - len(errors)
    said = f"有 {len(left)} 个项目疑似与本项目重复，须逐一答复是否同一项目"
    if withheld:
        more = f"其中 {withheld} 个您无权查看，须由有权查看者先行答复"
        errors.append(FieldError(field="withheld", code=str(withheld), message=more))
        said += f"；{more}"
    return DuplicateSuspected(said, DuplicateSuspected.english, errors=errors)


def _error(code: str, reason: str, said: str) -> FieldError:
    return FieldError(field=f"{FIELD}.{code}", code=reason, message=said)


def _same(other: Project) -> str:
    return f"与「{other.name}」（{other.code}）是同一项目，不再签约；请在那个项目上登记合同"
