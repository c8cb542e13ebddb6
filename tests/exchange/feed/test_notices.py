"""Notices in the live stream: they reach their recipient, live and again, and nobody else, whatever he is."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.facts.projects import notices as projects_tell
from app.facts.projects.models import Project
from app.facts.projects.terms import Confidentiality
from app.identity.auth.models import ApiKey, User
from app.identity.notices import recipients, texts
from app.kernel import events, notices
from app.kernel.access import Role
from app.kernel.notices import Notice
from tests.exchange.feed.conftest import Bureau, Listen
from tests.exchange.feed.listening import Listener, Told
from tests.factories.identity import make_session, make_user

WHO = ("officer", "second", "leader", "reporter", "other", "board", "deaf")


def tell(db: Session, login: str, key: str) -> None:
    user_id = db.scalars(select(User.id).where(User.login == login)).one()
    notices.tell(db, recipients.person(db, user_id), texts.PASSWORD_EXPIRES, None, key=key, on=key)


def heard(listener: Listener, last: str) -> list[Told]:
    """What a stream told of notices before it told of the project that everybody sees."""
    told = listener.until(lambda item: bool(item.data["subject"]["key"] == last))
    return [item for item in told if item.event.startswith("notice.") or item.event == "removed"]


@pytest.mark.parametrize("replayed", [False, True], ids=["live", "replayed"])
def test_a_notice_reaches_its_recipient_and_nobody_else(bureau: Bureau, listen: Listen, replayed: bool) -> None:
    start = bureau.head()
    listening = {} if replayed else {who: listen(who) for who in WHO if who != "deaf"}
    with bureau.work() as db:
        # A machine's number may be that of a person: here it is.
        key = db.scalars(select(ApiKey).where(ApiKey.name == "board")).one()
        person = make_user(db, Role.REPORTER, login="twin", unit="jxw")
        bureau.tokens["twin"] = make_session(db, person)
        db.execute(update(ApiKey).where(ApiKey.id == key.id).values(id=person.id))
        db.expire_all()
    listening["twin"] = listen("twin", after=start)
    if not replayed:
        listening["board"].close()
        listening["board"] = listen("board", after=start)
    with bureau.work() as db:
        tell(db, "twin", "秘而不宣")
    with bureau.work() as db:
        notices.settle(db, "秘而不宣")
    last = bureau.project()
    if replayed:
        listening |= {who: listen(who, after=start) for who in WHO if who != "deaf"}
    assert {who for who, stream in listening.items() if who != "twin" and heard(stream, last)} == set()
    told, settled = heard(listening["twin"], last)
    assert (told.event, settled.event) == ("notice.told", "notice.settled")
    assert told.data["subject"]["type"] == "notice"
    assert told.data["data"] == {"notice": "account.password"}
    fields = told.data["changes"][0]["fields"]
    assert fields["kind"] == {"before": None, "after": "account.password"}
    # What it says is read where sight is asked anew: at its own address.
    assert fields["text"] == fields["about_key"] == "changed"
    assert "read_at" not in fields
    assert list(settled.data["changes"][0]["fields"]) == ["done_at"]


def test_a_stream_can_ask_for_notices_alone(bureau: Bureau, listen: Listen) -> None:
    listener = listen("officer", kind="notice.*")
    bureau.project()
    with bureau.work() as db:
        tell(db, "officer", "一")
    told = listener.next()
    assert told is not None and told.event == "notice.told"


def test_read_marks_are_silent(bureau: Bureau, listen: Listen) -> None:
    with bureau.work() as db:
        tell(db, "officer", "一")
    listener = listen("officer")
    head = bureau.head()
    with bureau.work() as db:
        db.execute(update(Notice).values(read_at=Notice.told_at))
    assert bureau.head() == head
    last = bureau.project()
    assert heard(listener, last) == []


def test_a_notice_of_a_sealed_project_carries_nothing_of_it(bureau: Bureau, listen: Listen) -> None:
    code = bureau.project(name="密云", unit="jxw", confidentiality=Confidentiality.OPEN)
    start = bureau.head()
    with bureau.work() as db:
        project = db.scalars(select(Project).where(Project.code == code)).one()
        events.record(db, "project.noted", project)
        projects_tell.noted(db, events.Entry("project.noted", "project", project.id))
    bureau.seal(code, Confidentiality.SEALED, named="second")
    last = bureau.project()
    again = heard(listen("reporter", after=start), last)
    assert [item.event for item in again] == ["notice.told", "removed"]
    assert "密云" not in str(again[0].data) and code not in str(again[0].data)
