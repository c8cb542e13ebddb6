"""Evidence over the API: what comes in, who believes it, what replaces it, what goes out."""

import hashlib
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.facts.evidence import queries
from app.facts.evidence.models import Evidence
from app.facts.evidence.queries import Present
from app.facts.evidence.terms import EVIDENCE_KIND_LABELS, EVIDENCE_STATE_LABELS, EvidenceKind, EvidenceState
from app.facts.projects.models import Project
from app.kernel import chain
from app.kernel.errors import Invalid
from app.kernel.files import StoredFile
from tests.clients import As, Work
from tests.factories.evidence import make_evidence
from tests.factories.identity import make_unit
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

PAPER = "进账单：某某有限公司 1000000.00 元\n".encode()
SAID = {"kind": "bank_slip", "dated_on": "2020-09-30"}


def a_project(db: Work, **fields: Any) -> str:
    with db() as session:
        return make_project(session, **fields).code


def send(client: TestClient, code: str, content: bytes = PAPER, *, name: str = "进账单.txt", **said: Any) -> Response:
    path = f"/api/v1/projects/{code}/evidence"
    return client.post(path, data=SAID | said, files={"file": (name, content, "application/octet-stream")})


def replace(client: TestClient, code: str, number: int, content: bytes, **said: Any) -> Response:
    path = f"/api/v1/projects/{code}/evidence/{number}/replace"
    data = {"reason": "原件扫描不清", "dated_on": "2020-10-01"} | said
    return client.post(path, data=data, files={"file": ("新.txt", content)})


def judge(client: TestClient, code: str, number: int, verb: str = "verify") -> Response:
    body = {"reason": "户名与投资企业不符"} if verb == "reject" else None
    return client.post(f"/api/v1/projects/{code}/evidence/{number}/{verb}", json=body)


def listed(client: TestClient, code: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/projects/{code}/evidence")
    assert answer.status_code == 200
    return list(answer.json()["items"])


def present(db: Work, code: str) -> Present:
    with db() as session:
        return queries.present(session, session.scalars(select(Project.id).where(Project.code == code)).one())


# -- in -----------------------------------------------------------------------------------------------------------


def test_a_paper_comes_in_and_is_believed_by_another(as_: As, db: Work) -> None:
    code = a_project(db)
    answer = send(as_("officer"), code, stage="signed", note="首期注册资本")
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body == {
        "id": body["id"], "kind": "bank_slip", "stage": "signed", "dated_on": "2020-09-30", "filename": "进账单.txt",
        "size": len(PAPER), "media_type": "text/plain", "sha256": hashlib.sha256(PAPER).hexdigest(),
        "note": "首期注册资本", "state": "submitted", "uploaded_at": body["uploaded_at"],
        "uploaded_by": body["uploaded_by"], "judged_at": None, "judged_by": None, "reason": None, "replaces": None,
        "replaces_reason": None, "replaced_by": None, "relied_on": [],
    }  # fmt: skip
    assert present(db, code) == (set(), {EvidenceKind.BANK_SLIP})
    assert listed(as_("leader"), code) == [body]

    verified = judge(as_("reviewer"), code, body["id"])
    assert verified.status_code == 200
    assert verified.json()["state"] == "verified"
    assert verified.json()["judged_by"] and verified.json()["judged_at"].endswith("Z")
    assert listed(as_("leader"), code) == [verified.json()]
    assert present(db, code) == ({EvidenceKind.BANK_SLIP}, set())


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"kind": "selfie"}, "kind"), ({"kind": ""}, "kind"), ({"dated_on": "2999-01-01"}, "dated_on"),
        ({"dated_on": ""}, "dated_on"), ({"stage": "moon"}, "stage"), ({"note": "x" * 501}, "note"),
        ({"upload": "up_1"}, "file"), ({"upload": "../x"}, "upload"),
    ],
)  # fmt: skip
def test_what_is_not_said_rightly_is_refused(as_: As, db: Work, said: dict[str, str], field: str) -> None:
    code = a_project(db)
    answer = send(as_("officer"), code, **said)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert listed(as_("officer"), code) == []


def test_no_file_at_all_is_refused(as_: As, db: Work) -> None:
    code = a_project(db)
    answer = as_("officer").post(f"/api/v1/projects/{code}/evidence", data=SAID)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "file")
    loud = {"Content-Type": "Application/X-WWW-Form-URLencoded"}
    answer = as_("officer").post(f"/api/v1/projects/{code}/evidence", content=b"kind=contract", headers=loud)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "dated_on")


def zipped(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("合同.pdf", b"\x7fELF" + b"\0" * 200, "program"),
        ("合同.exe", b"MZ", "extension"),
        ("合同.pdf", b"plain text", "mismatch"),
        ("合同.docx", zipped("a.exe", "b.txt"), "nested"),
        ("空.txt", b"", "empty"),
        ("网页.txt", b"<html><script>alert(1)</script></html>", "markup"),
        ("表.csv", b"a,b\n=cmd|'/c calc'!A1,2\n", "dde"),
        ("合同.pdf\u202etxt.exe", b"MZ", "extension"),
    ],
)
def test_a_hostile_file_is_refused_with_its_reason(
    as_: As, db: Work, app: FastAPI, name: str, content: bytes, reason: str
) -> None:
    code = a_project(db)
    store: Path = app.state.store.folder
    before = sorted(path for path in store.rglob("*") if path.is_file())
    answer = send(as_("officer"), code, content, name=name)
    assert (answer.status_code, answer.json()["code"]) == (422, "file_refused"), answer.text
    assert answer.json()["errors"][0]["code"] == reason
    assert listed(as_("officer"), code) == []
    with db() as session:
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 0
    assert sorted(path for path in store.rglob("*") if path.is_file()) == before


def test_whoever_may_not_add_leaves_no_file(as_: As, db: Work, app: FastAPI) -> None:
    with db() as session:
        code = make_project(session, unit=make_unit(session, "jxw")).code
    store: Path = app.state.store.folder
    mine = b"only here " + code.encode()
    assert send(as_("reporter", unit="nyw"), code, mine).status_code == 403
    assert send(as_("officer"), "500114-1999-0001", mine).status_code == 404
    assert not list(store.rglob(hashlib.sha256(mine).hexdigest()))


def test_the_same_file_proves_one_thing_once(as_: As, db: Work) -> None:
    code, other = a_project(db), a_project(db)
    officer = as_("officer")
    number = send(officer, code).json()["id"]
    again = send(officer, code, name="另一名称.txt", note="x")
    assert (again.status_code, again.json()["code"]) == (409, "same_evidence")
    assert send(officer, code, stage="signed").status_code == 201
    assert send(officer, code, kind="invoice").status_code == 201
    assert send(officer, other).status_code == 201
    assert (replace(officer, code, number, PAPER).json()["code"]) == "same_evidence"
    judge(as_("reviewer"), code, number, "reject")
    assert send(officer, code).status_code == 201
    with db() as session:
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 1


def test_sent_by_two_at_once_it_is_there_once(as_: As, db: Work) -> None:
    code = a_project(db)
    people = [as_("officer", login=f"officer{number}") for number in range(3)]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda client: send(client, code).status_code, people))
    assert sorted(answers) == [201, 409, 409]


# -- judged -------------------------------------------------------------------------------------------------------


def test_nobody_judges_his_own_paper(as_: As, db: Work) -> None:
    code = a_project(db)
    reviewer = as_("reviewer")
    number = send(reviewer, code).json()["id"]
    for verb in ("verify", "reject"):
        answer = judge(reviewer, code, number, verb)
        assert (answer.status_code, answer.json()["code"]) == (403, "same_person")
    assert judge(as_("reviewer", login="second"), code, number).status_code == 200
    # Who sent the first may judge what another put in its place, not the other way round.
    newer = replace(as_("reviewer", login="second"), code, number, b"better").json()["id"]
    assert judge(as_("reviewer", login="second"), code, newer).json()["code"] == "same_person"
    assert judge(reviewer, code, newer).status_code == 200


JUDGING = {
    # state before → verb → what comes of it
    "submitted": {"verify": "verified", "reject": "rejected"},
    "verified": {"verify": 409, "reject": "rejected"},
    "rejected": {"verify": 409, "reject": 409},
}


@pytest.mark.parametrize(("state", "verb"), [(state, verb) for state in JUDGING for verb in ("verify", "reject")])
def test_every_judgement_from_every_state(as_: As, db: Work, state: str, verb: str) -> None:
    with db() as session:
        project = make_project(session)
        number = make_evidence(session, project, state=state).id
    answer = judge(as_("reviewer"), project.code, number, verb)
    expected = JUDGING[state][verb]
    if expected == 409:
        assert (answer.status_code, answer.json()["code"]) == (409, f"already_{state}")
    else:
        assert answer.status_code == 200
        assert answer.json()["state"] == expected
        assert answer.json()["reason"] == ("户名与投资企业不符" if verb == "reject" else None)


@pytest.mark.parametrize("state", list(EvidenceState))
def test_what_was_replaced_is_judged_no_more(as_: As, db: Work, state: EvidenceState) -> None:
    with db() as session:
        project = make_project(session)
        old = make_evidence(session, project, state=state)
        make_evidence(session, project, replaces=old)
    for verb in ("verify", "reject"):
        answer = judge(as_("reviewer"), project.code, old.id, verb)
        assert (answer.status_code, answer.json()["code"]) == (409, "already_replaced")


def test_verified_by_two_at_once_it_is_verified_once(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        number = make_evidence(session, project).id
    people = [as_("reviewer", login=f"reviewer{i}") for i in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda client: judge(client, project.code, number), people))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    winner = next(answer.json()["judged_by"] for answer in answers if answer.status_code == 200)
    assert listed(as_("officer"), project.code)[0]["judged_by"] == winner


def test_a_rejection_needs_a_reason(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        number = make_evidence(session, project).id
    for body in ({}, {"reason": " "}, {"reason": "x" * 301}, {"reason": "x", "more": 1}):
        path = f"/api/v1/projects/{project.code}/evidence/{number}/reject"
        assert as_("reviewer").post(path, json=body).status_code == 422
    assert listed(as_("officer"), project.code)[0]["state"] == "submitted"


# -- replaced -----------------------------------------------------------------------------------------------------


def test_a_better_paper_takes_the_place_of_one_and_both_stay(as_: As, db: Work) -> None:
    code = a_project(db)
    officer, reviewer = as_("officer"), as_("reviewer")
    old = send(officer, code, stage="signed").json()["id"]
    judge(reviewer, code, old)
    answer = replace(officer, code, old, b"a clearer scan", note="重新扫描")
    assert answer.status_code == 201, answer.text
    new = answer.json()
    assert (new["kind"], new["stage"], new["state"], new["replaces"], new["replaces_reason"]) == (
        "bank_slip", "signed", "submitted", old, "原件扫描不清",
    )  # fmt: skip
    assert [(row["id"], row["state"], row["replaced_by"]) for row in listed(officer, code)] == [
        (old, "verified", new["id"]), (new["id"], "submitted", None),
    ]  # fmt: skip
    # The old one proves nothing from now on, the new one not yet.
    assert present(db, code) == (set(), {EvidenceKind.BANK_SLIP})
    again = replace(officer, code, old, b"another")
    assert (again.status_code, again.json()["code"]) == (409, "already_replaced")
    judge(reviewer, code, new["id"])
    assert present(db, code) == ({EvidenceKind.BANK_SLIP}, set())
    # Both can still be opened, and are what they were.
    for number, content in ((old, PAPER), (new["id"], b"a clearer scan")):
        assert officer.get(f"/api/v1/projects/{code}/evidence/{number}/file").content == content


def test_replaced_by_two_at_once_it_is_replaced_once(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        number = make_evidence(session, project).id
    people = [as_("officer", login=f"officer{i}") for i in range(3)]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda i: replace(people[i], project.code, number, b"new %d" % i), range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


def test_a_replacement_needs_a_reason_and_something_to_replace(as_: As, db: Work) -> None:
    with db() as session:
        project, other = make_project(session), make_project(session)
        number = make_evidence(session, other).id
    officer = as_("officer")
    assert replace(officer, other.code, number, b"x", reason=" ").status_code == 422
    assert replace(officer, project.code, number, b"x").status_code == 404
    assert replace(officer, project.code, 2**63 - 1, b"x").status_code == 404


# -- what others rely on ------------------------------------------------------------------------------------------


def test_what_a_project_can_show(db: Work) -> None:
    with db() as session:
        project, other = make_project(session), make_project(session)
        make_evidence(session, project, "contract", "verified")
        make_evidence(session, project, "contract", "submitted")
        make_evidence(session, project, "invoice", "rejected")
        old = make_evidence(session, project, "filing", "verified")
        make_evidence(session, project, "filing", "rejected", replaces=old)
        make_evidence(session, project, "deed", "submitted")
        make_evidence(session, other, "minutes", "verified")
        assert queries.present(session, project.id) == ({EvidenceKind.CONTRACT}, {EvidenceKind.DEED})
        assert queries.present(session.connection(), other.id) == ({EvidenceKind.MINUTES}, set())


def test_what_can_be_relied_on(db: Work) -> None:
    with db() as session:
        project, other = make_project(session), make_project(session)
        good = make_evidence(session, project)
        old = make_evidence(session, project, state="verified")
        make_evidence(session, project, replaces=old)
        rejected = make_evidence(session, project, state="rejected")
        foreign = make_evidence(session, other)
        assert queries.usable(session, project.id, good.id, "evidence") is good
        for number, code in (
            (old.id, "replaced_evidence"), (rejected.id, "rejected_evidence"), (foreign.id, "unknown_evidence"),
            (2**63 - 1, "unknown_evidence"),
        ):  # fmt: skip
            with pytest.raises(Invalid) as refused:
                queries.usable(session, project.id, number, "evidence")
            assert refused.value.errors[0].code == code


def test_every_word_has_a_label() -> None:
    assert list(EVIDENCE_KIND_LABELS) == list(EvidenceKind)
    assert list(EVIDENCE_STATE_LABELS) == list(EvidenceState)
    assert len(set(EVIDENCE_KIND_LABELS.values())) == len(EvidenceKind)


# -- out ----------------------------------------------------------------------------------------------------------


def test_a_file_goes_out_as_it_came_in_and_safely(as_: As, db: Work) -> None:
    code = a_project(db)
    number = send(as_("officer"), code, name="进账单 (首期).txt").json()["id"]
    path = f"/api/v1/projects/{code}/evidence/{number}/file"
    leader = as_("leader")
    answer = leader.get(path)
    assert answer.status_code == 200
    assert answer.content == PAPER
    mark = hashlib.sha256(PAPER).hexdigest()
    headers = answer.headers
    assert headers["etag"] == f'"{mark}"'
    assert headers["content-length"] == str(len(PAPER))
    assert headers["content-type"].startswith("text/plain")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["cache-control"] == "private, no-cache"
    disposition = headers["content-disposition"]
    assert disposition == "attachment; filename*=utf-8''%E8%BF%9B%E8%B4%A6%E5%8D%95%20%28%E9%A6%96%E6%9C%9F%29.txt"

    known = leader.get(path, headers={"If-None-Match": f'"other", W/"{mark}"'})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", f'"{mark}"')


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-3", 206, PAPER[:4]),
        ("bytes=5-", 206, PAPER[5:]),
        ("bytes=5-999999", 206, PAPER[5:]),
        ("bytes=9-2", 200, PAPER),
        (f"bytes={len(PAPER)}-", 200, PAPER),
        ("bytes=0-1,3-4", 200, PAPER),
        ("bytes=-3", 200, PAPER),
        ("lines=1-2", 200, PAPER),
    ],
)
def test_part_of_a_file(as_: As, db: Work, asked: str, status: int, part: bytes) -> None:
    code = a_project(db)
    number = send(as_("officer"), code).json()["id"]
    answer = as_("officer").get(f"/api/v1/projects/{code}/evidence/{number}/file", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (status, part)


def test_a_file_of_another_project_is_not_found_here(as_: As, db: Work) -> None:
    code, other = a_project(db), a_project(db)
    number = send(as_("officer"), other).json()["id"]
    assert as_("officer").get(f"/api/v1/projects/{code}/evidence/{number}/file").status_code == 404
    for verb in ("verify", "reject"):
        assert judge(as_("reviewer"), code, number, verb).status_code == 404


def test_a_file_that_is_lost_is_told_of(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        number = make_evidence(session, project).id
    answer = as_("officer").get(f"/api/v1/projects/{project.code}/evidence/{number}/file")
    assert (answer.status_code, answer.json()["code"]) == (404, "file_missing")


# -- the log ------------------------------------------------------------------------------------------------------


def test_the_log_tells_everything(as_: As, db: Work, app: FastAPI) -> None:
    code = a_project(db)
    officer, reviewer = as_("officer"), as_("reviewer")
    first = send(officer, code).json()["id"]
    judge(reviewer, code, first)
    second = replace(officer, code, first, b"better").json()["id"]
    judge(reviewer, code, second, "reject")
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)
        told = [(row.kind, json.loads(row.body)["data"]) for row in chain.stored(connection) if row.subject_key == code]
    assert [data.get("evidence") for _, data in told] == [None, first, first, second, second]
    assert (told[3][1]["replaces"], told[4][1]["was"]) == (first, "submitted")
    assert [kind for kind, _ in told] == [
        "project.created", "project.evidence_added", "project.evidence_verified", "project.evidence_replaced",
        "project.evidence_rejected",
    ]  # fmt: skip
    history = officer.get(f"/api/v1/projects/{code}/history").json()["items"]
    assert [(item["label"], item["reason"]) for item in history[:4]] == [
        ("退回佐证材料", "户名与投资企业不符"), ("替换佐证材料", "原件扫描不清"), ("核验佐证材料", None),
        ("上传佐证材料", None),
    ]  # fmt: skip
    changes = {change["field"]: change for item in history for change in item["changes"]}
    assert changes["filename"]["label"] == "文件名"
    assert all(change["label"] != change["field"] for change in changes.values())
    with db() as session:
        assert session.scalar(select(func.count()).select_from(Evidence)) == 2


def test_what_a_project_shows_moves_its_version(as_: As, db: Work) -> None:
    code = a_project(db)
    before = as_("officer").get(f"/api/v1/projects/{code}").json()["version"]
    answer = send(as_("officer"), code)
    assert answer.headers["etag"].startswith(f'"{before + 1}-')
    assert as_("officer").get(f"/api/v1/projects/{code}/evidence").headers["etag"].startswith(f'"{before + 1}-')
