"""231 contracts with 1,500 clauses, and a clearance of them; those of 2015 to 2018 move nothing of 2019 and 2020."""

from typing import Any

import pytest

from tests.clients import As

NEWEST_ONLY = True

API = "/api/v1"


@pytest.mark.usefixtures("demo")
def test_a_clearance_of_231_contracts(as_: As) -> None:
    officer = as_("officer")

    def get(path: str, **query: Any) -> Any:
        answer = officer.get(f"{API}{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def figure(indicator: str, period: str) -> str:
        return str(get("/figures", indicator=indicator, period=period)["items"][0]["value"])

    assert figure("agreements_since", "2020") == "231"
    assert [figure("signed_count", str(year)) for year in range(2015, 2021)] == ["27", "33", "38", "41", "46", "46"]
    assert [figure("projects_in_database", str(year)) for year in (2019, 2020)] == ["56", "125"]
    assert get("/projects", count="true", limit="1")["total"] == 125
    assert get("/projects", count="true", limit="1", archived="true")["total"] == 139
    assert get("/commitments", count="true", limit="1", as_of="2026-11-24")["total"] == 1500
    found = get("/clearances")["items"]
    assert [(one["agreements"], one["without_clauses"], one["clauses"]) for one in found] == [(231, 0, 1500)]
    clearance = get(f"/clearances/{found[0]['id']}")
    counts = {one["finding"]: one for one in clearance["findings"]}
    assert all(counts[what]["clauses"] for what in ("fulfilled", "due_unpaid", "enterprise_in_breach", "not_due"))
    assert sum(one["done"] for one in clearance["units"]) == 4
    assert get("/commitments/breaches/by-unit")["total"] > 100
    old = get("/projects", archived="true", limit="1")["items"][0]
    assert "演示" in old["name"]
    assert figure("fixed_asset_investment", "2019") == figure("fixed_asset_investment", "2020")
