"""What a tester tells the sandbox: how to fail, what to lose or hold, when to send receipts; and what it has seen."""

from collections import Counter
from datetime import timedelta
from typing import Annotated, Any

import httpx2
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from app.exchange.municipal.sandbox import intake, store
from app.exchange.municipal.sandbox.city import City
from app.exchange.municipal.sandbox.faults import Faults
from app.exchange.municipal.wire.contract import Delivery, HeldRecord, Key, Receipts, RecordKind
from app.exchange.municipal.wire.messages import write_request
from app.kernel import calendar

router = APIRouter(prefix="/control", include_in_schema=False)

AGAIN = timedelta(seconds=5)
"""Until receipts that could not be sent are tried once more."""


class Forget(BaseModel):
    """What to lose: all, one kind, or some of its keys."""

    model_config = ConfigDict(extra="forbid")

    kind: RecordKind | None = None
    keys: list[Key] = Field(default_factory=list, max_length=10_000)


class Sending(BaseModel):
    """Receipts that came later: how many are still to go, and what the other side answered."""

    sent: int
    waiting: int
    statuses: list[int | str]


class State(BaseModel):
    """What is in force and what was seen."""

    faults: Faults
    held: dict[str, int]
    results: dict[str, int]
    refused: dict[str, int]
    waiting: int


class Seen(BaseModel):
    """One line of the journal: a record as it came, and what was said of it."""

    id: int
    at: str
    batch: str
    kind: str
    key: str
    version: int
    op: str
    digest: str
    result: str
    code: str | None


@router.get("")
def read_control(request: Request) -> State:
    """What is in force, and counts of what was seen."""
    city: City = request.app.state.city
    count = city.store.rows
    return State(
        faults=city.mood.faults,
        held=dict(count("select kind, count(*) from held where op = 'put' group by kind")),
        results=dict(count("select result, count(*) from journal group by result")),
        refused=dict(count("select code, count(*) from refused group by code")),
        waiting=count("select count(*) from later")[0][0],
    )


@router.put("")
def change_control(request: Request, faults: Faults) -> State:
    """Fail like this from now on; an empty object ends all failures."""
    city: City = request.app.state.city
    city.mood.change(faults)
    return read_control(request)


@router.post("/forget")
def forget(request: Request, what: Forget | None = None) -> dict[str, int]:
    """Lose records that are held. The journal stays."""
    city: City = request.app.state.city
    what = what or Forget()
    with city.store.writing() as db:
        lost = store.forget(db, what.kind, what.keys)
    return {"forgotten": lost}


@router.put("/held")
def hold(request: Request, records: list[HeldRecord]) -> dict[str, int]:
    """Hold these records, whatever was held: for differences that no delivery would make."""
    city: City = request.app.state.city
    with city.store.writing() as db:
        for record in records:
            intake.place(db, record, calendar.now())
    return {"held": len(records)}


@router.get("/journal")
def read_journal(
    request: Request, after: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=10_000)] = 1000
) -> list[Seen]:
    """All records that ever came, in order."""
    city: City = request.app.state.city
    names = list(Seen.model_fields)
    rows = city.store.rows(f"select {', '.join(names)} from journal where id > ? order by id limit ?", (after, limit))
    return [Seen(**dict(zip(names, row, strict=True))) for row in rows]


@router.get("/refused")
def read_refused(request: Request) -> list[dict[str, Any]]:
    """The last thousand requests that were not believed, newest first."""
    city: City = request.app.state.city
    rows = city.store.rows("select at, code, message from refused order by id desc limit 1000")
    return [dict(zip(("at", "code", "message"), row, strict=True)) for row in rows]


@router.post("/receipts")
def send_receipts(request: Request) -> Sending:
    """Send all receipts that were to come later, now."""
    return send(request.app.state.city, everything=True)


def send(city: City, *, everything: bool) -> Sending:
    """Take in what was only received, and send its receipts, one message a batch; what fails goes again next time."""
    now = calendar.now()
    until = "9999" if everything else store.told(now)
    rows = city.store.rows("select id, batch, delivery from later where due <= ? order by id", (until,))
    batches: dict[str, list[tuple[int, Delivery]]] = {}
    for number, batch, text in rows:
        batches.setdefault(batch, []).append((number, Delivery.model_validate_json(text)))
    address, statuses = city.mood.faults.answer_to or city.settings.answer_to, list[int | str]()
    with httpx2.Client(trust_env=False, timeout=10) as client:
        for batch, items in batches.items():
            with city.store.writing() as db:
                taken = [
                    intake.take_one(db, batch, delivery, city.mood.faults, city.settings.check, now)
                    for _, delivery in items
                ]
            status = _post(client, city, address, Receipts(batch=batch, receipts=taken))
            statuses.append(status)
            with city.store.writing() as db:
                if isinstance(status, int) and status < 300:
                    db.executemany("delete from later where id = ?", [(number,) for number, _ in items])
                else:
                    again = store.told(now + AGAIN)
                    db.executemany("update later set due = ? where id = ?", [(again, number) for number, _ in items])
    [(waiting,)] = city.store.rows("select count(*) from later")
    return Sending(
        sent=Counter(isinstance(s, int) and s < 300 for s in statuses)[True], waiting=waiting, statuses=statuses
    )


def _post(client: httpx2.Client, city: City, address: str, receipts: Receipts) -> int | str:
    """The status of the other side's answer, or why there is none."""
    if not address:
        return "no address"
    url = httpx2.URL(address)
    target = url.raw_path.decode("ascii")
    written = write_request(city.settings.keys, "POST", target, receipts.model_dump_json().encode(), calendar.now())
    given = city.mood.faults.answer_key
    key = city.settings.answer_key if given is None else given.get_secret_value()
    headers = written.headers | ({"Authorization": f"Bearer {key}"} if key else {})
    try:
        return client.post(url, content=written.body, headers=headers).status_code
    except httpx2.HTTPError as error:
        return type(error).__name__
