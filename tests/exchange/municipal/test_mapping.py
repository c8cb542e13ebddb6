"""What goes out: fields, names and codes by the rule, and nothing that is withheld."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from app.exchange.municipal import rules
from app.exchange.municipal.mapping import digest_of, speller, text_of
from app.exchange.municipal.rules import MunicipalReport, Report
from app.exchange.municipal.wire.contract import PAYLOADS, RecordKind, UnitWeek
from app.facts.enterprises.models import Ownership
from app.facts.projects.terms import Sector, Stage, Status

CODED = {"stage": ("stages", Stage), "status": ("statuses", Status), "sector": ("sectors", Sector),
         "ownership": ("ownerships", Ownership)}  # fmt: skip
UNIT = {name: place for place, name in enumerate(UnitWeek.model_fields) if name != "unit"}
REGIONS = {"500114": "QJ", "330000": "ZJ"}


def example(kind: RecordKind) -> dict[str, Any]:
    """A payload as the contract shows it; money has one example for all."""

    def of(model: type[BaseModel]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, field in model.model_fields.items():
            given_ = field.examples or next((m.examples for m in field.metadata if getattr(m, "examples", None)), None)
            found[name] = given_[0] if given_ else "12.00" if name != "units" else [UNIT | {"unit": "区经济信息委"}]
        return found

    return of(PAYLOADS[kind])


@st.composite
def reports(draw: st.DrawFn) -> tuple[RecordKind, Report]:
    kind = draw(st.sampled_from(RecordKind))
    known = list(PAYLOADS[kind].model_fields)
    names = st.text("ABCDEFGH项目", min_size=1, max_size=6)
    body: dict[str, Any] = {}
    listed = draw(st.none() | st.lists(st.sampled_from(known), unique=True, min_size=1))
    if listed is not None:
        theirs = draw(st.lists(names, unique=True, min_size=len(listed), max_size=len(listed)))
        body["fields"] = {kind: dict(zip(listed, theirs, strict=True))}
    kept = draw(st.sampled_from(listed or known))
    body["withheld"] = {kind: draw(st.lists(st.sampled_from([n for n in known if n != kept]), unique=True))}
    for name, words in CODED.values():
        if draw(st.booleans()):
            body[name] = {word: f"{name}-{word}" for word in words}
    if draw(st.booleans()):
        body["regions"] = REGIONS
    return kind, Report.model_validate(body)


@given(reports())
def test_only_mapped_names_go_out_and_nothing_withheld(drawn: tuple[RecordKind, Report]) -> None:
    kind, report = drawn
    payload = example(kind)
    names = report.fields.get(kind) or {name: name for name in payload}
    left = {ours: theirs for ours, theirs in names.items() if ours not in report.withheld.get(kind, ())}
    out = speller(report, kind)(payload)
    assert out and set(out) == set(left.values())
    for ours, theirs in left.items():
        codes: dict[Any, str] = getattr(report, CODED[ours][0]) if ours in CODED else {}
        if ours in ("district", "origin_region"):
            codes = dict(report.regions)
        if ours == "units":
            inner = {name: left[name] for name in UNIT if name in left}
            assert out[theirs] == [{"unit": "区经济信息委"} | {theirs: UNIT[name] for name, theirs in inner.items()}]
        else:
            assert out[theirs] == codes.get(payload[ours], payload[ours])
    # The same whatever order its fields were put in.
    turned = speller(report, kind)(dict(reversed(payload.items())))
    assert text_of(turned) == text_of(out) and json.loads(text_of(out)) == out
    assert digest_of(text_of(out)) == digest_of(text_of(turned)) != digest_of(None)


@given(st.sampled_from(sorted(CODED)), st.data())
def test_a_code_map_is_whole_or_refused(field: str, data: st.DataObject) -> None:
    name, words = CODED[field]
    some = data.draw(st.lists(st.sampled_from(list(words)), unique=True, min_size=1, max_size=len(words)))
    body = {name: dict.fromkeys(some, "x")}
    if len(some) == len(words):
        assert getattr(Report.model_validate(body), name)
    else:
        with pytest.raises(ValidationError, match=f"{name} 缺少"):
            Report.model_validate(body)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"fields": {"project": {"officer": "FZR"}}}, "没有字段 officer"),
        ({"withheld": {"week": ["place"]}}, "没有字段 place"),
        ({"fields": {"fund": {"number": "A", "amount": "A"}}}, "映射到同一名称"),
        ({"fields": {"fund": {}}}, "没有一个字段可报"),
        ({"fields": {"fund": {"number": "A"}}, "withheld": {"fund": ["number"]}}, "没有一个字段可报"),
        ({"weeks_from": "2021-W53"}, "weeks_from"),
        ({"statuses": {"open": "1"}}, "statuses"),
        ({"regions": {"50": "QJ"}}, "regions"),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(body: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        MunicipalReport.model_validate({"channels": {"city": body}})


def test_the_example_of_the_rule_is_one() -> None:
    for shown in MunicipalReport.model_json_schema()["examples"]:
        body = MunicipalReport.model_validate(shown)
        assert body.of("city") != body.of("another") == Report()
    assert rules.REPORTED.shipped.of("city") == Report()
