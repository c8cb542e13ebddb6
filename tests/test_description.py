"""The description as the server sends it: built without holding anybody up, once, and for whoever asks."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.config import Settings
from app.main import create_app

COMMITTED = Path(__file__).resolve().parent.parent / "openapi" / "openapi.json"


@pytest.fixture
def app() -> Iterator[FastAPI]:
    made = create_app(Settings(_env_file=None, database_url="sqlite://", log_level="error"))
    yield made
    made.state.database.close()


def test_others_are_answered_while_it_is_built(app: FastAPI) -> None:
    async def ask() -> tuple[list[bytes], int]:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as client:
            asked = [asyncio.create_task(client.get("/openapi.json")) for _ in range(50)]
            answered = 0
            while not any(task.done() for task in asked):
                assert (await client.get("/healthz")).status_code == 200
                answered += 1
                await asyncio.sleep(0)
            return [(await task).content for task in asked], answered

    bodies, answered = asyncio.run(ask())
    assert answered > 10
    assert set(bodies) == {bodies[0]}
    assert json.loads(bodies[0]) == json.loads(COMMITTED.read_text())


def test_it_is_kept_by_those_who_hold_it(app: FastAPI) -> None:
    client = TestClient(app)
    got = client.get("/openapi.json")
    assert got.headers["Content-Type"] == "application/json"
    again = client.get("/openapi.json", headers={"If-None-Match": got.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/docs").text.count("/openapi.json") == 1


def test_behind_a_proxy_it_names_its_place(app: FastAPI) -> None:
    client = TestClient(app, root_path="/zhaoshang")
    told = client.get("/zhaoshang/openapi.json").json()
    assert told.pop("servers") == [{"url": "/zhaoshang"}]
    assert told == json.loads(COMMITTED.read_text())
    assert "/zhaoshang/openapi.json" in client.get("/zhaoshang/docs").text
