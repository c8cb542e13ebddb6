"""The means of the other tests hold what they promise."""

from sqlalchemy import select

from app.identity.auth.models import User
from app.kernel import chain
from tests.clients import As, Work
from tests.factories.identity import actor_of, make_user


def test_a_user_is_made_once_for_each_role_and_unit(as_: As, db: Work) -> None:
    reporter = as_("reporter", unit="jxw")
    assert as_("reporter", unit="jxw") is reporter
    as_("reporter", unit="nyw")
    as_("officer")
    with db() as session:
        found = session.scalars(select(User).order_by(User.id)).all()
        assert [user.login for user in found] == ["reporter-jxw", "reporter-nyw", "officer"]
        assert found[0].unit_id != found[1].unit_id


def test_a_unit_of_work_acts_for_somebody_and_is_logged(db: Work) -> None:
    with db() as session:
        user = make_user(session, "officer", login="wang")
        actor = actor_of(user)
    with db(actor) as session:
        make_user(session, "leader")
    with db() as session:
        told = session.execute(select(chain.Event.kind, chain.Event.actor).order_by(chain.Event.seq)).all()
    assert [tuple(row) for row in told] == [("user.created", "system"), ("user.created", "wang")]


def test_a_test_begins_with_nobody(db: Work) -> None:
    with db() as session:
        assert session.scalars(select(User)).all() == []
