"""Who hears of reviews: reviewers while a conclusion waits, whoever asked when there is one."""

from starlette.testclient import TestClient

from tests.clients import As, Work
from tests.factories.projects import make_project

PASSED = {"opinion": "passed", "concluded_on": "2020-08-10", "body": "区司法局"}


def told(client: TestClient) -> list[tuple[str, str, bool]]:
    """The kinds and texts of somebody's notices, the oldest first, and whether each is still open."""
    items = client.get("/api/v1/me/notices", params={"sort": "told_at"}).json()["items"]
    return [(n["kind"], n["text"], n["waits"] and n["done_at"] is None) for n in items]


def test_it_waits_for_reviewers_and_whoever_asked_hears_the_answer(as_: As, db: Work) -> None:
    with db() as session:
        code = make_project(session, name="光伏玻纤").code
    officer, reviewer = as_("officer"), as_("reviewer")
    path = f"/api/v1/projects/{code}/reviews"
    assert told(reviewer) == []
    number = officer.post(path, json={"kind": "legal", "requested_on": "2020-08-01"}).json()["id"]
    waiting = "项目「光伏玻纤」的合法性审查已于 2020-08-01 送审，待登记结论"
    assert told(reviewer) == [("review.requested", waiting, True)]
    assert told(officer) == []
    reviewer.post(f"{path}/{number}/conclude", json=PASSED)
    assert told(reviewer) == [("review.requested", waiting, False)]
    assert told(officer) == [("review.concluded", "项目「光伏玻纤」的合法性审查已有结论：通过", False)]


def test_what_is_taken_back_waits_no_more(as_: As, db: Work) -> None:
    with db() as session:
        code = make_project(session).code
    reviewer, second = as_("reviewer"), as_("reviewer", login="second")
    assert told(second) == told(reviewer) == []
    path = f"/api/v1/projects/{code}/reviews"
    number = reviewer.post(path, json={"kind": "due_diligence"}).json()["id"]
    assert told(reviewer) == []  # it may not be concluded by whoever asked
    assert [open_ for _, _, open_ in told(second)] == [True]
    reviewer.post(f"{path}/{number}/withdraw", json={"reason": "x"})
    assert [open_ for _, _, open_ in told(second)] == [False]
