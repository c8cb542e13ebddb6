from collections.abc import Callable
from typing import Any

import pytest

from app.facts.meta.schemas import ChoicesOut
from app.facts.projects.terms import Stage
from app.kernel.db import Base, Word


def test_every_closed_list_of_the_tables_is_there(as_: Callable[..., Any]) -> None:
    answer = as_("reporter").get("/api/v1/meta/choices")
    assert answer.status_code == 200
    found = ChoicesOut.model_validate(answer.json()).model_dump()
    lists = {
        frozenset(choice["code"] for choice in choices) for fields in found.values() for choices in fields.values()
    }
    for table in Base.metadata.tables.values():
        for column in table.c:
            if isinstance(column.type, Word) and column.type.words.__module__.startswith(("app.facts", "app.identity")):
                assert frozenset(column.type.words) in lists, f"{table.name}.{column.name}"
    assert all(choice["label"] for fields in found.values() for choices in fields.values() for choice in choices)


def test_stages_come_in_the_order_of_a_projects_life(as_: Callable[..., Any]) -> None:
    stages = as_("officer").get("/api/v1/meta/choices").json()["projects"]["stage"]
    assert [stage["code"] for stage in stages] == list(Stage)
    assert (stages[0]["label"], stages[-1]["label"]) == ("线索", "达产")


@pytest.mark.parametrize("role", ["leader", "auditor", "system_admin", "security_admin"])
def test_everyone_who_is_logged_in_may_read_them(role: str, as_: Callable[..., Any]) -> None:
    assert as_(role).get("/api/v1/meta/choices").status_code == 200
