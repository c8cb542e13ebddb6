"""How a clause stands: every state, before, on and after the due day; and what holds for all clauses."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.facts.commitments.judging import Clause, Done, Facts, Judged, Set, best_year, judge, since, spelled
from app.facts.commitments.terms import (
    Anchor,
    ClauseKind,
    ClauseState,
    Condition,
    Measure,
    Reached,
    Setting,
    Span,
)
from app.facts.projects.terms import Stage

SIGNED, DUE = date(2020, 3, 1), date(2020, 12, 31)
DAY = timedelta(days=1)
S = ClauseState
SUBSIDY = Clause(1, ClauseKind.SUBSIDY, SIGNED, 100_00, due_on=DUE)


def one(clause: Clause, day: date, facts: Facts | None = None, *others: Clause) -> Judged:
    return judge([clause, *others], facts or Facts(), day)[clause.id]


def paid(*entries: tuple[date, int], number: int = 1) -> Facts:
    return Facts(done={number: [Done(on, fen) for on, fen in entries]})


@pytest.mark.parametrize(
    ("day", "fen", "state", "late"),
    [
        (SIGNED - DAY, 0, S.NOT_DUE, 0),
        (DUE - DAY, 0, S.NOT_DUE, 0),
        (DUE, 0, S.DUE, 0),
        (DUE + DAY, 0, S.OVERDUE, 1),
        (DUE - DAY, 99_99, S.PARTLY, 0),
        (DUE, 99_99, S.PARTLY, 0),
        (DUE + DAY, 99_99, S.OVERDUE, 1),
        (DUE - DAY, 100_00, S.FULFILLED, 0),
        (DUE + 90 * DAY, 100_00, S.FULFILLED, 0),
    ],
)
def test_a_due_day(day: date, fen: int, state: ClauseState, late: int) -> None:
    judged = one(SUBSIDY, day, paid((date(2020, 6, 1), fen)) if fen else None)
    assert (judged.state, judged.days_overdue) == (state, late)
    assert judged.why and all(judged.why)


def test_kept_late_is_kept_and_says_how_late() -> None:
    judged = one(SUBSIDY, DUE + 50 * DAY, paid((DUE, 40_00), (DUE + 9 * DAY, 60_00)))
    assert (judged.state, judged.fulfilled_on, judged.days_overdue) == (S.FULFILLED, DUE + 9 * DAY, 9)
    assert "迟 9 天" in judged.why[0]
    assert one(SUBSIDY, DUE + 8 * DAY, paid((DUE, 40_00), (DUE + 9 * DAY, 60_00))).state is S.OVERDUE


def test_what_was_taken_back_was_not_kept() -> None:
    facts = paid((DUE - DAY, 100_00), (DUE + 5 * DAY, -1))
    assert one(SUBSIDY, DUE + 4 * DAY, facts).state is S.FULFILLED
    assert one(SUBSIDY, DUE + 5 * DAY, facts).state is S.OVERDUE


WAITS = replace(SUBSIDY, due_on=None, due_after=Anchor.PRODUCTION, due_count=6, due_span=Span.MONTHS)


@pytest.mark.parametrize(
    ("clause", "facts", "day", "state", "due"),
    [
        (WAITS, Facts(), DUE, S.NOT_DUE, None),
        (WAITS, Facts({Stage.PRODUCTION: date(2020, 8, 31)}), date(2021, 2, 27), S.NOT_DUE, date(2021, 2, 28)),
        (WAITS, Facts({Stage.PRODUCTION: date(2020, 8, 31)}), date(2021, 2, 28), S.DUE, date(2021, 2, 28)),
        (WAITS, Facts({Stage.PRODUCTION: date(2020, 8, 31)}), date(2021, 3, 1), S.OVERDUE, date(2021, 2, 28)),
        (WAITS, Facts({Stage.PRODUCTION: date(2020, 8, 31)}), date(2020, 8, 30), S.NOT_DUE, None),
        (replace(WAITS, due_after=Anchor.SIGNING, due_count=10, due_span=Span.DAYS), Facts(),
         date(2020, 3, 11), S.DUE, date(2020, 3, 11)),
        (replace(WAITS, due_after=Anchor.START, due_count=0, due_span=Span.DAYS), Facts({Stage.STARTED: DUE}),
         DUE, S.DUE, DUE),
        (replace(SUBSIDY, due_on=None), Facts(), DUE, S.DUE, None),
    ],
)  # fmt: skip
def test_due_days_that_are_counted(
    clause: Clause, facts: Facts, day: date, state: ClauseState, due: date | None
) -> None:  # fmt: skip
    judged = one(clause, day, facts)
    assert (judged.state, judged.due_on) == (state, due)


FAI = Facts(reached={Reached.FIXED_ASSET_INVESTMENT: [Done(date(2020, 6, 30), 60, 2020), Done(DUE, 40, 2020)]})


@pytest.mark.parametrize(
    ("clause", "facts", "day", "met"),
    [
        (replace(SUBSIDY, condition=Condition.STAGE, condition_stage=Stage.STARTED),
         Facts({Stage.STARTED: date(2020, 5, 1)}), date(2020, 5, 1), True),
        (replace(SUBSIDY, condition=Condition.STAGE, condition_stage=Stage.STARTED),
         Facts({Stage.STARTED: date(2020, 5, 1)}), date(2020, 4, 30), False),
        (replace(SUBSIDY, condition=Condition.MEASURE, condition_measure=Reached.FIXED_ASSET_INVESTMENT,
                 condition_quantity=100), FAI, DUE - DAY, False),
        (replace(SUBSIDY, condition=Condition.MEASURE, condition_measure=Reached.FIXED_ASSET_INVESTMENT,
                 condition_quantity=100), FAI, DUE, True),
        (replace(SUBSIDY, condition=Condition.CLAUSE, condition_clause=2), FAI, DUE - DAY, False),
        (replace(SUBSIDY, condition=Condition.CLAUSE, condition_clause=2), FAI, DUE, True),
    ],
)  # fmt: skip
def test_conditions(clause: Clause, facts: Facts, day: date, met: bool) -> None:
    invest = Clause(2, ClauseKind.INVESTMENT, SIGNED, 100, due_on=DUE)
    judged = one(clause, day, facts, invest)
    assert (judged.met_on is not None) is met
    assert (judged.state is S.CONDITION_NOT_MET) is not met


def test_nobody_is_late_with_what_was_not_asked_yet() -> None:
    clause = replace(SUBSIDY, condition=Condition.STAGE, condition_stage=Stage.PRODUCTION)
    facts = Facts({Stage.PRODUCTION: DUE + 60 * DAY})
    assert one(clause, DUE + 30 * DAY, facts).state is S.CONDITION_NOT_MET
    assert one(clause, DUE + 60 * DAY, facts).state is S.DUE
    assert one(clause, DUE + 61 * DAY, facts).days_overdue == 1


def test_stopped_waived_and_held_to_again() -> None:
    stop = Set(Setting.STOPPED, DUE - 5 * DAY, DUE + 10 * DAY, "违规补贴", "王")
    waive = Set(Setting.WAIVED, DUE + 20 * DAY, None, "不可抗力", "李")
    facts = Facts(settings={1: [stop, waive]})
    states = [one(SUBSIDY, DUE + days * DAY, facts).state for days in (-6, -5, 9, 10, 19, 20, 999)]
    assert states == [S.NOT_DUE, S.STOPPED, S.STOPPED, S.OVERDUE, S.OVERDUE, S.WAIVED, S.WAIVED]
    assert "违规补贴" in one(SUBSIDY, DUE, facts).why[0]


def test_a_supplement_takes_the_place_and_takes_over_what_was_paid() -> None:
    newer = Clause(2, ClauseKind.SUBSIDY, date(2020, 10, 1), 150_00, due_on=DUE + 90 * DAY, replaces=1)
    facts = paid((date(2020, 6, 1), 60_00))
    waiting = Clause(3, ClauseKind.OTHER, SIGNED, condition=Condition.CLAUSE, condition_clause=1)
    before = judge([SUBSIDY, newer, waiting], facts, date(2020, 9, 30))
    assert before[1].state is S.PARTLY
    after = judge([SUBSIDY, newer, waiting], facts, DUE + DAY)
    assert (after[1].state, after[2].state, after[2].achieved) == (S.REPLACED, S.PARTLY, 60_00)
    kept = Facts(done={1: [Done(date(2020, 6, 1), 60_00)], 2: [Done(DUE, 90_00)]})
    assert judge([SUBSIDY, newer, waiting], kept, DUE)[3].met_on == DUE  # it waits for the newer one now
    voided = judge([SUBSIDY, replace(newer, void="误录"), waiting], facts, DUE + DAY)
    assert (voided[1].state, voided[2].state) == (S.OVERDUE, S.VOID)


def test_the_end_of_a_project_stops_what_is_open_but_for_its_settlement() -> None:
    facts = Facts(ended_on=DUE - 9 * DAY, done={2: [Done(date(2020, 4, 1), 100_00)]})
    kept, settling = replace(SUBSIDY, id=2), replace(SUBSIDY, id=3, survives_end=True)
    judged = judge([SUBSIDY, kept, settling], facts, DUE + DAY)
    assert [judged[number].state for number in (1, 2, 3)] == [S.STOPPED, S.FULFILLED, S.OVERDUE]
    assert judge([SUBSIDY], facts, DUE - 10 * DAY)[1].state is S.NOT_DUE


def test_what_each_kind_is_read_from() -> None:
    facts = Facts(
        stages={Stage.STARTED: DUE, Stage.PRODUCTION: DUE + DAY},
        reached={
            Reached.FIXED_ASSET_INVESTMENT: [Done(DUE, 500, 2020)],
            Reached.OUTPUT: [Done(DUE, 70, 2020), Done(DUE + 365 * DAY, 80, 2021), Done(DUE + 366 * DAY, -20, 2020)],
            Reached.JOBS: [Done(DUE, 30, 2020), Done(DUE + DAY, -5, 2021)],
        },
        land_mu=250,
        done={9: [Done(DUE, 1500)], 10: [Done(DUE, 60), Done(DUE + DAY, 40)]},
    )
    day = DUE + 400 * DAY
    promised = {
        ClauseKind.INVESTMENT: (500, DUE), ClauseKind.START: (None, DUE), ClauseKind.PRODUCTION: (None, DUE + DAY),
        ClauseKind.OUTPUT: (80, DUE + 365 * DAY), ClauseKind.JOBS: (26, None), ClauseKind.INTENSITY: (200, DUE),
        ClauseKind.TAX: (1, None),
    }  # fmt: skip
    clauses = [Clause(n, kind, SIGNED, much, due_on=DUE) for n, (kind, (much, _)) in enumerate(promised.items())]
    clauses += [Clause(9, ClauseKind.LAND, SIGNED, 1500), Clause(10, ClauseKind.INFRASTRUCTURE, SIGNED)]
    judged = judge(clauses, facts, day)
    assert [judged[n].fulfilled_on for n in range(7)] == [on for _, on in promised.values()]
    assert (judged[9].fulfilled_on, judged[10].fulfilled_on) == (DUE, DUE + DAY)
    no_land = judge(clauses, replace(facts, land_mu=None), day)[5]
    assert (no_land.state, "用地面积未登记" in no_land.why[-1]) == (S.OVERDUE, True)


def test_clauses_that_wait_for_one_another_wait_for_ever() -> None:
    first = replace(SUBSIDY, condition=Condition.CLAUSE, condition_clause=2)
    second = replace(SUBSIDY, id=2, condition=Condition.CLAUSE, condition_clause=1)
    assert {one.state for one in judge([first, second], Facts(), DUE).values()} == {S.CONDITION_NOT_MET}


def test_quantities_in_words() -> None:
    said = [(2_000_000_00, Measure.MONEY), (2_400_000_00, Measure.MONEY_PER_MU), (3550, Measure.AREA)]
    assert [spelled(*one) for one in said] == ["200万元", "240万元/亩", "35.5亩"]
    assert [spelled(3, Measure.PERSONS), spelled(3500, Measure.AREA), spelled(7, Measure.PERCENT)] == [
        "3人",
        "35亩",
        "7%",
    ]


days = st.dates(date(2020, 1, 1), date(2022, 12, 31))
entries = st.lists(st.builds(Done, days, st.integers(-50, 100), st.integers(2020, 2022)), max_size=8)


@given(entries, st.integers(1, 200), days)
def test_since_agrees_with_adding_up_day_by_day(done: list[Done], promised: int, day: date) -> None:
    total, reached = since(done, promised, day)
    assert total == sum(entry.quantity for entry in done if entry.on <= day)
    assert (reached is not None) is (total >= promised)
    if reached is not None:
        later = sorted({entry.on for entry in done if reached <= entry.on <= day})
        ends = [sum(entry.quantity for entry in done if entry.on <= on) for on in later]
        assert ends[-1] >= promised
    best, _ = best_year(done, promised, day)
    assert best >= max((sum(e.quantity for e in done if e.year == y and e.on <= day) for y in (2020, 2021, 2022)
                        if any(e.year == y for e in done)), default=0)  # fmt: skip


clauses = st.builds(
    Clause, st.just(1), st.sampled_from([ClauseKind.SUBSIDY, ClauseKind.INVESTMENT, ClauseKind.START]), days,
    st.integers(1, 200), due_on=st.none() | days,
    condition=st.sampled_from([Condition.NONE, Condition.STAGE]), condition_stage=st.just(Stage.STARTED),
)  # fmt: skip
facts = st.builds(
    lambda done, start, ended: Facts(
        {} if start is None else {Stage.STARTED: start}, {Reached.FIXED_ASSET_INVESTMENT: done}, None, ended, {1: done}
    ),
    entries, st.none() | days, st.none() | days,
)  # fmt: skip


@given(clauses, facts, days, days)
def test_only_what_was_known_by_the_day_says_how_it_stands(
    clause: Clause, known: Facts, day: date, further: date
) -> None:
    """Later facts change nothing; states and days agree with one another."""
    judged = one(clause, day, known)
    cut = replace(
        known,
        stages={stage: on for stage, on in known.stages.items() if on <= day},
        reached={what: [entry for entry in done if entry.on <= day] for what, done in known.reached.items()},
        done={number: [entry for entry in done if entry.on <= day] for number, done in known.done.items()},
        ended_on=known.ended_on if known.ended_on and known.ended_on <= day else None,
    )
    assert one(clause, day, cut) == judged
    assert (judged.state is S.FULFILLED) is (judged.fulfilled_on is not None)
    if judged.state is S.OVERDUE:
        assert judged.due_on is not None
        assert judged.days_overdue == (day - judged.due_on).days > 0
    if judged.state in (S.NOT_DUE, S.DUE, S.PARTLY, S.CONDITION_NOT_MET):
        assert judged.days_overdue == 0
    # Nothing that is late is less late on a later day, unless something happened meanwhile.
    later = one(clause, max(day, further), cut)
    if judged.state is S.OVERDUE and not cut.ended_on:
        assert (later.state, later.days_overdue >= judged.days_overdue) == (S.OVERDUE, True)
