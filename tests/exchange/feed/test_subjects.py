"""What is streamed to whom is said for every kind of thing, and says the same as the lists."""

import ast
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import select

from app import domains
from app.exchange.feed.subjects import kinds_of
from app.facts.projects import queries, sights
from app.facts.projects.models import Project, ProjectGrant
from app.facts.projects.service import refresh_sight
from app.facts.projects.terms import Confidentiality
from app.kernel.access import SYSTEM, Actor, Role, permissions_of
from app.kernel.db import Base
from app.kernel.events import Logged
from tests.clients import Work
from tests.factories.identity import actor_of, make_unit, make_user
from tests.factories.projects import make_project

APP = Path(__file__).resolve().parents[3] / "app"
NOBODYS = {"user", "session", "api_key", "calendar_token"}


def test_every_subject_of_the_log_is_streamed_to_somebody_or_meant_for_nobody() -> None:
    subjects = {m.class_.__subject__ for m in Base.registry.mappers if issubclass(m.class_, Logged)}
    assert subjects - set(domains.FEED) == NOBODYS, "give the new subject its line in app/domains.py: FEED"
    assert set(domains.FEED) <= subjects


def recorded() -> set[tuple[str, str]]:
    """(place, kind) of every event that the code names itself."""
    found = set()
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("record", "record_rows") and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
                found.add((f"{path.relative_to(APP)}:{node.lineno}", str(node.args[1].value)))
    return found


def test_every_kind_that_is_recorded_can_be_asked_for() -> None:
    known = {*kinds_of(domains.FEED), *NOBODYS, "vault"}  # keys are no rows: who rotates them is for the audit only
    kinds = recorded()
    assert len(kinds) > 10
    assert [(place, kind) for place, kind in sorted(kinds) if kind.split(".")[0] not in known] == []


@pytest.mark.parametrize("level", list(Confidentiality))
def test_a_sight_admits_whom_the_lists_show_the_project(db: Work, level: Confidentiality) -> None:
    with db() as session:
        own, helping, granted, strange = (make_unit(session, code) for code in ("jxw", "sww", "nyw", "wlw"))
        users = [
            make_user(session, role, unit=unit, named=named)
            for role, unit, named in product(
                (Role.OFFICER, Role.LEADER, Role.REPORTER), (own, helping, granted, strange, None), (False, True)
            )
        ]
        actors = [SYSTEM, *(actor_of(user) for user in users)]
        for unit in (None, own, strange):
            role = Role.REPORTER if unit else Role.LEADER
            # The number of a key is also that of a user who is named: it must not be taken for him.
            number = next(user.id for user in users if user.named)
            actors.append(
                Actor(number, "board", "key", frozenset({role}), permissions_of(frozenset({role})), unit and unit.id)
            )
        project = make_project(session, unit=own, co_units=(helping,), confidentiality=level)
        session.add(ProjectGrant(project_id=project.id, unit_id=granted.id, source="task_force:1"))
        session.add_all(
            ProjectGrant(project_id=project.id, user_id=user.id, source="named") for user in users if user.named
        )
        refresh_sight(session, project)
        session.flush()
        for actor in actors:
            shown = session.scalar(select(Project.id).where(queries.visible(actor))) is not None
            assert sights.admits(actor, project.sight) is shown, actor
        assert sights.newest(session.connection(), [project.id]) == {project.id: project.sight}
