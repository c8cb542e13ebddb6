"""Meetings of a task force: what was said, decided and set; which decisions were carried out."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.facts.task_forces import tasks
from app.facts.task_forces.meeting_queries import DONE, NoDecision, NoMeeting
from app.facts.task_forces.meeting_schemas import DecisionDoneIn, DecisionIn, MeetingIn, MeetingPatch
from app.facts.task_forces.models import Decision, Meeting, TaskForce
from app.facts.task_forces.service import check_arranges, opened, touch
from app.identity.auth.queries import name_of
from app.kernel import calendar, preconditions
from app.kernel.access import Actor
from app.kernel.errors import Conflict, Invalid
from app.kernel.events import record


class DecisionDone(Conflict):
    code = "decision_done"
    message, english = "该项决定已落实", "This decision was carried out."


class DecisionNotMarked(Conflict):
    code = "decision_not_marked"
    message = "该项决定没有登记过落实"
    english = "Nobody has said that this decision was carried out."


def hold(db: Session, actor: Actor, number: int, body: MeetingIn) -> tuple[TaskForce, Meeting]:
    """Enter a meeting, held or to come, with its decisions and the tasks they set."""
    force = opened(db, actor, number)
    check_arranges(actor, force)
    meeting = Meeting(
        task_force_id=force.id, entered_at=calendar.now(), entered_by=actor.id, entered_by_name=name_of(db, actor),
        **body.model_dump(exclude={"decisions"}),
    )  # fmt: skip
    db.add(meeting)
    db.flush()
    for place, decision in enumerate(body.decisions):
        _decide(db, actor, force, meeting, decision, f"decisions.{place}.")
    touch(force)
    record(db, "task_force.meeting_recorded", force, meeting=meeting.id)
    return force, meeting


def change(db: Session, actor: Actor, number: int, body: MeetingPatch, version: int) -> tuple[TaskForce, Meeting]:
    """Change what is sent of a meeting; `version` is the row version of its task force."""
    force, meeting = _opened(db, actor, number)
    preconditions.expect(force.version, version)
    given: dict[str, Any] = body.model_dump(exclude_unset=True)
    for name, value in given.items():
        setattr(meeting, name, value)
    touch(force)
    record(db, "task_force.meeting_changed", force, meeting=meeting.id)
    return force, meeting


def decide(db: Session, actor: Actor, number: int, body: DecisionIn) -> tuple[TaskForce, Decision]:
    """Add a decision, with the tasks it sets, to a meeting."""
    force, meeting = _opened(db, actor, number)
    decision = _decide(db, actor, force, meeting, body, "")
    touch(force)
    record(db, "task_force.decision_added", force, decision=decision.id)
    return force, decision


def done(db: Session, actor: Actor, number: int, body: DecisionDoneIn) -> tuple[TaskForce, Decision]:
    """Say that a decision was carried out, where its tasks do not."""
    force, decision = _opened_decision(db, actor, number)
    if db.scalars(select(Decision.id).where(Decision.id == number, DONE)).first() is not None:
        raise DecisionDone
    held_on = db.get_one(Meeting, decision.meeting_id).held_on
    if body.on < held_on:
        raise Invalid.field("on", "order", f"早于会议日期 {held_on}")
    decision.done_on, decision.done_note = body.on, body.note
    decision.done_by, decision.done_by_name = actor.id, name_of(db, actor)
    touch(force)
    record(db, "task_force.decision_done", force, decision=decision.id)
    return force, decision


def reopen(db: Session, actor: Actor, number: int, reason: str) -> tuple[TaskForce, Decision]:
    """Take back that somebody said so; whether it is open then is for its tasks to say."""
    force, decision = _opened_decision(db, actor, number)
    if decision.done_on is None:
        raise DecisionNotMarked
    decision.done_on = decision.done_note = decision.done_by = decision.done_by_name = None
    touch(force)
    record(db, "task_force.decision_reopened", force, reason=reason, decision=decision.id)
    return force, decision


def _decide(
    db: Session, actor: Actor, force: TaskForce, meeting: Meeting, body: DecisionIn, at: str
) -> Decision:  # fmt: skip
    decision = Decision(task_force_id=force.id, meeting_id=meeting.id, text=body.text)
    db.add(decision)
    db.flush()
    for place, task in enumerate(body.tasks):
        tasks.added(db, actor, force, task, decision_id=decision.id, at=f"{at}tasks.{place}.")
    return decision


def _opened(db: Session, actor: Actor, number: int) -> tuple[TaskForce, Meeting]:
    place = db.execute(
        select(Meeting.task_force_id)
        .join(TaskForce, TaskForce.id == Meeting.task_force_id)
        .join(Project, Project.id == TaskForce.project_id)
        .where(Meeting.id == number, projects.visible(actor))
    ).scalar_one_or_none()
    if place is None:
        raise NoMeeting
    force = opened(db, actor, place)
    check_arranges(actor, force)
    return force, db.get_one(Meeting, number, populate_existing=True)


def _opened_decision(db: Session, actor: Actor, number: int) -> tuple[TaskForce, Decision]:
    place = db.execute(
        select(Decision.task_force_id)
        .join(TaskForce, TaskForce.id == Decision.task_force_id)
        .join(Project, Project.id == TaskForce.project_id)
        .where(Decision.id == number, projects.visible(actor))
    ).scalar_one_or_none()
    if place is None:
        raise NoDecision
    force = opened(db, actor, place)
    check_arranges(actor, force)
    return force, db.get_one(Decision, number, populate_existing=True)
