"""What the city says it holds against what it should hold: nothing but what was changed is found, and all of it."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.exchange.municipal import headings
from app.exchange.municipal.mapping import digest_of, text_of
from app.exchange.municipal.reconciliations.compare import Ours, Theirs, What, compare, digest, mirror
from app.exchange.municipal.wire.contract import PAYLOADS, Operation, RecordKind, UnitWeek

values = st.one_of(st.none(), st.integers(0, 10**9), st.text(max_size=8), st.sampled_from(["1.00", "2020-08-20"]))
contents = st.dictionaries(st.sampled_from(["name", "jobs", "amount", "on"]), values, min_size=1)


@st.composite
def records(draw: st.DrawFn) -> list[Ours]:
    places = draw(st.lists(st.tuples(st.sampled_from(RecordKind), st.integers(0, 40)), unique=True, max_size=12))
    found = []
    for number, (kind, key) in enumerate(places, 1):
        content = draw(st.one_of(st.none(), contents))
        text = None if content is None else text_of(content)
        op = Operation.DELETE if content is None else Operation.PUT
        version = draw(st.integers(1, 9))
        found.append(Ours(number, kind, f"k{key}", None, version, op, content, digest_of(text)))
    return found


def told(mine: Ours, how: str) -> Theirs:
    """What a city tells that holds this: with content, with a digest only, or with cells of a file."""
    whole = mirror(mine)
    if how == "digest":
        return replace(whole, content=None)
    if how == "cells":
        cells = {
            name: "" if value is None else " ".join(str(value).split()) for name, value in (mine.content or {}).items()
        }
        return replace(whole, content=None, digest=None, cells=cells)
    return whole


HOW = st.sampled_from(["content", "digest", "cells"])


@given(records(), HOW, st.randoms())
def test_a_city_that_holds_what_it_should_differs_in_nothing(ours: list[Ours], how: str, random: Any) -> None:
    theirs = [told(mine, how) for mine in ours]
    random.shuffle(theirs)
    found = compare(ours, theirs)
    assert (found.differences, found.compared, found.in_flight, found.rejected) == ([], len(ours), 0, 0)


@given(records(), HOW, st.data())
def test_each_change_is_found_as_what_it_is_and_nothing_else(ours: list[Ours], how: str, data: st.DataObject) -> None:
    theirs: list[Theirs] = []
    expected: dict[tuple[RecordKind, str], What] = {}
    for mine in ours:
        put = mine.op is Operation.PUT
        change = data.draw(st.sampled_from(["none", "lost", "older", "newer", "other", "dropped"]))
        there = told(mine, how)
        if change == "lost":
            if put:
                expected[mine.kind, mine.key] = What.MISSING_THERE
            continue
        if change == "dropped":
            there = replace(there, op=Operation.DELETE)
            if put:
                expected[mine.kind, mine.key] = What.MISSING_THERE
        elif change == "older":
            there = replace(there, version=mine.version - 1)
            if put:
                expected[mine.kind, mine.key] = What.OLDER
        elif change == "newer":
            there = replace(there, version=mine.version + data.draw(st.integers(1, 5)))
            expected[mine.kind, mine.key] = What.NEWER_THERE
        elif change == "other" and put:
            wrong = {"name": "another name altogether"}
            there = replace(
                there,
                content=None if there.content is None else {**(mine.content or {}), **wrong},
                digest=None if there.digest is None else digest(wrong),
                cells=None if there.cells is None else {**there.cells, **wrong},
            )
            expected[mine.kind, mine.key] = What.DIFFERENT
        theirs.append(there)
    for number in range(data.draw(st.integers(0, 3))):
        theirs.append(Theirs(RecordKind.WEEK, f"more{number}", 7))
        expected[RecordKind.WEEK, f"more{number}"] = What.MISSING_HERE
    found = compare(ours, theirs)
    assert {(one.kind, one.key): one.what for one in found.differences} == expected
    for one in found.differences:
        if one.what is What.DIFFERENT and how != "digest":
            assert [field["field"] for field in one.fields] == ["name"]
    # On the way or refused by the city they are none, unless nothing we send would be taken.
    for standing in ({"moving": True}, {"rejected": True}):
        waiting = compare([replace(mine, **standing) for mine in ours], theirs)
        left = {place: what for place, what in expected.items() if what in (What.NEWER_THERE, What.MISSING_HERE)}
        assert {(one.kind, one.key): one.what for one in waiting.differences} == left
        quiet = len(ours) - sum(what is What.NEWER_THERE for what in left.values())
        assert waiting.in_flight + waiting.rejected == quiet


@given(records(), st.data())
def test_what_was_put_right_differs_no_more(ours: list[Ours], data: st.DataObject) -> None:
    theirs = [
        replace(mirror(mine), version=data.draw(st.integers(0, 12)), content={"name": "x"}, digest=None)
        for mine in ours
        if data.draw(st.booleans())
    ]
    theirs.append(Theirs(RecordKind.FUND, "alien", 3, content={"a": 1}))
    found = compare(ours, theirs)
    now = {(mine.kind, mine.key): mine for mine in ours}
    city = {(one.kind, one.key): one for one in theirs}
    for one in found.differences:
        place = one.kind, one.key
        above = max(one.ours or 0, one.theirs or 0) + 1
        mine = now.get(place) or Ours(99, one.kind, one.key, None, above, Operation.DELETE, None, digest_of(None))
        now[place] = mine = replace(mine, version=above)
        held = city.get(place)
        assert held is None or held.version is None or above > held.version, "the city would not take it"
        city[place] = mirror(mine)
    assert compare(now.values(), city.values()).differences == []


def test_of_a_file_only_what_it_has_is_compared_and_numbers_by_their_value() -> None:
    content = {"name": "玻纤 基地", "contract_amount": "2223000000.00", "jobs": 300, "place": None}
    mine = Ours(1, RecordKind.PROJECT, "p", None, 2, Operation.PUT, content, "d")

    def differs(**cells: str) -> list[str]:
        found = compare([mine], [Theirs(RecordKind.PROJECT, "p", cells=cells)])
        return [field["field"] for one in found.differences for field in one.fields]

    assert differs(name="玻纤 基地", contract_amount="2,223,000,000", jobs="300.0", place="") == []
    assert differs(jobs="301", place="正阳") == ["jobs", "place"]
    assert differs() == []


def test_every_field_has_a_heading_of_its_own() -> None:
    for kind, payload in PAYLOADS.items():
        assert list(headings.HEADINGS[kind]) == list(payload.model_fields)
        assert len(set(headings.HEADINGS[kind].values())) == len(headings.HEADINGS[kind])
        assert headings.AMOUNTS[kind] in payload.model_fields
    assert list(headings.UNIT_HEADINGS) == list(UnitWeek.model_fields)
