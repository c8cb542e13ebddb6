"""The demo's task force: a red, a yellow and a green task, and a meeting whose decisions are done and not done."""

from typing import Any

from app.demo.ledger import INVENTED
from app.demo.task_forces import MARK, WATER
from tests.clients import As

NEWEST_ONLY = True  # the demo is loaded by the services of all domains, whose statements are tried there

API = "/api/v1"


def test_it_has_a_red_a_yellow_and_a_green_task(as_: As, demo: None) -> None:
    leader = as_("leader")

    def get(path: str) -> Any:
        answer = leader.get(f"{API}{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    (mine,) = get("/task-forces?mine=true")["items"]
    assert (mine["project"], mine["light"], mine["red"], mine["yellow"], mine["green"]) == (WATER, "red", 1, 1, 1)
    whole = get(f"/task-forces/{mine['id']}")
    assert {task["unit"]: (task["light"], task["level"]) for task in whole["tasks"]} == {
        "qsthj": ("red", "supervised"), "qgzj": ("yellow", "assigned"), "zygwh": ("green", "assigned"),
    }  # fmt: skip
    assert [member["unit"] for member in whole["members"]] == ["qjxw", "qsthj", "qgzj", "zygwh"]
    (meeting,) = get(f"/task-forces/{mine['id']}/meetings")["items"]
    assert [decision["state"] for decision in meeting["decisions"]] == ["open", "done", "open"]
    # Whatever is invented says so.
    said = [whole["goal"], meeting["minutes"], *(decision["text"] for decision in meeting["decisions"])]
    assert all(text.startswith(INVENTED) for text in said)
    assert all(task["title"].endswith(MARK) for task in whole["tasks"])
    levels = [(row["level"], row["title"]) for row in get("/escalations?sort=at")["items"]]
    assert [level for level, title in levels if "取水许可" in title] == ["assigned", "urged", "supervised"]
    late = as_("reporter").get(f"{API}/tasks/overdue").json()
    assert [(row["unit"], row["overdue"], row["red"]) for row in late["items"]] == [("qsthj", 1, 1)]
    assert as_("reporter").get(f"{API}/task-forces", params={"mine": True}).json()["items"][0]["project"] == WATER
