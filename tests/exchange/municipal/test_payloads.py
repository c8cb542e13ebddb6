"""What is selected in bulk is what the contract says, and tells nothing of persons."""

from datetime import date

from app.exchange.municipal import payloads
from app.exchange.municipal.rules import Report
from app.exchange.municipal.wire.contract import PAYLOADS, RecordKind
from app.facts.projects.terms import Stage
from app.kernel.db import Database
from tests.clients import Work
from tests.factories.agreements import make_agreement
from tests.factories.enterprises import make_enterprise
from tests.factories.funds import make_fund
from tests.factories.identity import make_unit
from tests.factories.projects import make_project

EVERYTHING = Report(from_stage=Stage.LEAD)
PERSONS = {"officer": "李工", "leader": "张副区长", "note": "备注13800000000", "problem": "王某不同意"}


def test_what_is_selected_is_what_the_contract_says(db: Work, database_url: str) -> None:
    with db() as session:
        firm = make_enterprise(session, uscc="91500000MA5U00000X", contacts=(("赵经理", "13900000000"),))
        full = make_project(
            session, unit=make_unit(session, "jxw"), enterprise=firm, stage="started", land_mu=12050, jobs=300,
            industry="C3061", chain="玻纤材料", origin_region="330000", park="正阳工业园区", place="正阳街道",
            national_code="2020-500114-30-03-000001", investment_fen=9_999_999_999_999_99,
            **{f"{stage}_on": date(2021, 1, stage.order + 1) for stage in Stage}, **PERSONS,
        )  # fmt: skip
        make_agreement(session, full)
        make_agreement(session, full, "framework", date(2020, 3, 1))
        make_agreement(session, full, "supplement", date(2021, 3, 1), increment_fen=1)
        bare = make_project(session, stage="lead")
        entry = make_fund(session, full, 3_00)
        back = make_fund(session, full, -3_00, date(2020, 10, 9), reverses_id=entry.id)
        make_fund(session, full, 5_00, state="declared")
        make_fund(session, full, 7_00, state="rejected")
        ids, codes, entries = [full.id, bare.id], [full.code, bare.code], [str(entry.id), str(back.id)]
    database = Database(database_url)
    with database.reading() as connection:
        found = {(kind, key): payload for kind, key, _, payload in
                 payloads.of_projects(connection, EVERYTHING, ids, "500114")}  # fmt: skip
    database.close()
    assert set(found) == {
        *((RecordKind.PROJECT, code) for code in codes), *((RecordKind.FUND, key) for key in entries)
    }  # fmt: skip
    for (kind, _), payload in found.items():
        PAYLOADS[kind].model_validate(payload)
        assert set(payload) == set(PAYLOADS[kind].model_fields)
    told = found[RecordKind.PROJECT, codes[0]]
    assert all(told[name] is not None for name in PAYLOADS[RecordKind.PROJECT].model_fields)
    assert told["investment"] == "9999999999999.99" and told["land_mu"] == "120.50" and told["jobs"] == 300
    # The first contract for what was started, as figures count it; all of it for what was signed.
    assert (told["started_amount"], told["contract_amount"]) == ("100000000.00", "100000000.01")
    assert found[RecordKind.PROJECT, codes[1]]["started_amount"] is None
    money = found[RecordKind.FUND, entries[1]]
    assert (money["amount"], money["reverses"], money["project"]) == ("-3.00", entries[0], codes[0])
    assert not any(word in str(found) for word in (*PERSONS.values(), "赵经理", "13900000000"))
