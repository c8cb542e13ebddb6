"""Who hears of evidence: reviewers while it waits for them, whoever sent it when it comes back."""

from typing import Any

from starlette.testclient import TestClient

from tests.clients import As, Work, put_part
from tests.factories.identity import make_user
from tests.factories.projects import make_project

SAID = {"kind": "contract", "dated_on": "2020-08-18"}


def told(client: TestClient) -> list[tuple[str, str, bool]]:
    """The kinds and texts of somebody's notices, the oldest first, and whether each is still open."""
    items = client.get("/api/v1/me/notices", params={"sort": "told_at"}).json()["items"]
    return [(n["kind"], n["text"], n["waits"] and n["done_at"] is None) for n in items]


def send(client: TestClient, path: str, content: bytes, **said: Any) -> int:
    answer = client.post(path, data=SAID | said, files={"file": ("合同{0}.txt", content)})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def test_it_waits_for_reviewers_and_comes_back_to_its_sender(as_: As, db: Work) -> None:
    with db() as session:
        code = make_project(session, name="光伏玻纤").code
    officer, reviewer, second = as_("officer"), as_("reviewer"), as_("reviewer", login="second")
    assert told(reviewer) == told(second) == []
    path = f"/api/v1/projects/{code}/evidence"
    number = send(officer, path, b"contract")
    waiting = "项目「光伏玻纤」的合同文本待核验：合同{0}.txt"
    assert told(reviewer) == told(second) == [("evidence.submitted", waiting, True)]
    assert told(officer) == told(as_("leader")) == []

    reviewer.post(f"{path}/{number}/reject", json={"reason": "缺页 {1}"})
    assert told(reviewer) == told(second) == [("evidence.submitted", waiting, False)]
    assert told(officer) == [("evidence.rejected", "项目「光伏玻纤」的合同文本被退回：缺页 {1}", False)]

    newer = send(officer, f"{path}/{number}/replace", b"whole", reason="补齐")
    assert [open_ for _, _, open_ in told(second)] == [False, True]
    newest = send(second, f"{path}/{newer}/replace", b"signed", reason="x")
    # What was replaced waits no more; nobody is told to judge his own.
    assert [open_ for _, _, open_ in told(second)] == [False, False]
    assert [open_ for _, _, open_ in told(reviewer)] == [False, False, True]
    reviewer.post(f"{path}/{newest}/verify")
    assert [open_ for _, _, open_ in told(reviewer)] == [False, False, False]
    assert len(told(officer)) == 1


def test_who_does_not_see_the_project_hears_nothing(as_: As, db: Work) -> None:
    with db() as session:
        code = make_project(session).code
        make_user(session, "reviewer", login="named")
    body = {"level": "sealed", "users": ["named"], "units": [], "reason": "x"}
    put_part(as_("reviewer", login="sealer"), f"/api/v1/projects/{code}", "confidentiality", body)
    assert told(as_("reviewer")) == told(as_("named")) == []
    send(as_("reviewer", login="sealer"), f"/api/v1/projects/{code}/evidence", b"contract")
    assert told(as_("reviewer")) == []
    assert [kind for kind, _, _ in told(as_("named"))] == ["evidence.submitted"]
