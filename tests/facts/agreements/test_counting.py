"""The counting rules, with sums made by hand."""

from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.facts.agreements.counting import (
    Derived,
    SupplementWithoutContract,
    TotalBelowZero,
    check_paper,
    check_papers,
    derived,
)
from app.facts.agreements.models import AgreementType
from app.kernel.errors import Invalid

INTENT, FRAMEWORK, STRATEGIC, FORMAL, SUPPLEMENT = AgreementType
WAN = 1_000_000  # fen


@dataclass
class Paper:
    type: AgreementType
    signed_on: date
    amount_fen: int | None = None
    increment_fen: int | None = None


MARCH, JUNE, AUGUST, OCTOBER = (date(2020, month, 15) for month in (3, 6, 8, 10))


def test_nothing_signed_counts_nothing() -> None:
    assert derived([]) == Derived(None, (), None, None, 0, None, 0)


def test_framework_then_contract_counts_the_contract_only() -> None:
    found = derived([Paper(FRAMEWORK, MARCH, 50_000 * WAN), Paper(FORMAL, AUGUST, 38_000 * WAN)])
    assert found == Derived(
        first=1, counted=(0, 38_000 * WAN), signed_on=AUGUST, first_formal_fen=38_000 * WAN,
        contract_fen=38_000 * WAN, framework_on=MARCH, framework_fen=50_000 * WAN,
    )  # fmt: skip


def test_supplements_count_their_increment_not_their_amount() -> None:
    papers = [
        Paper(FORMAL, MARCH, 10_000 * WAN),
        Paper(SUPPLEMENT, JUNE, amount_fen=13_000 * WAN, increment_fen=3_000 * WAN),
        Paper(SUPPLEMENT, AUGUST, increment_fen=-1_000 * WAN),
        Paper(SUPPLEMENT, OCTOBER, increment_fen=0),
    ]
    found = derived(papers)
    assert found.counted == (10_000 * WAN, 3_000 * WAN, -1_000 * WAN, 0)
    assert found.contract_fen == 12_000 * WAN
    assert (found.signed_on, found.first_formal_fen) == (MARCH, 10_000 * WAN)
    check_papers(papers)


def test_a_second_contract_adds_to_the_amount_but_the_project_was_signed_at_the_first() -> None:
    found = derived([Paper(FORMAL, AUGUST, 5_000 * WAN), Paper(FORMAL, MARCH, 9_000 * WAN)])
    assert found.first == 1  # the earlier date, though recorded later
    assert (found.signed_on, found.first_formal_fen, found.contract_fen) == (MARCH, 9_000 * WAN, 14_000 * WAN)


def test_of_two_contracts_of_one_day_the_one_recorded_first_is_the_first() -> None:
    found = derived([Paper(FORMAL, MARCH, 5_000 * WAN), Paper(FORMAL, MARCH, 9_000 * WAN)])
    assert (found.first, found.first_formal_fen) == (0, 5_000 * WAN)


def test_letters_and_strategic_agreements_date_the_stage_but_have_no_framework_amount() -> None:
    papers = [
        Paper(FRAMEWORK, AUGUST, 7_000 * WAN), Paper(INTENT, MARCH, 100 * WAN), Paper(STRATEGIC, JUNE, 900 * WAN),
        Paper(FRAMEWORK, OCTOBER),
    ]  # fmt: skip
    found = derived(papers)
    assert (found.framework_on, found.framework_fen) == (MARCH, 7_000 * WAN)
    assert (found.signed_on, found.contract_fen) == (None, 0)


papers = st.lists(
    st.builds(
        Paper,
        type=st.sampled_from(AgreementType),
        signed_on=st.dates(date(2018, 1, 1), date(2020, 12, 31)),
        amount_fen=st.none() | st.integers(0, 10**14),
        increment_fen=st.none() | st.integers(-(10**14), 10**14),
    ),
    max_size=8,
)


@given(papers)
def test_the_total_is_the_sum_of_what_counts_and_at_most_one_is_first(given_papers: list[Paper]) -> None:
    found = derived(given_papers)
    assert found.contract_fen == sum(found.counted)
    formal = [paper for paper in given_papers if paper.type is FORMAL]
    assert (found.first is None) == (not formal)
    if found.first is not None:
        first = given_papers[found.first]
        assert first.type is FORMAL
        assert all(first.signed_on <= paper.signed_on for paper in formal)


@pytest.mark.parametrize(
    ("paper", "field"),
    [
        (Paper(FORMAL, MARCH), "amount"),
        (Paper(FORMAL, MARCH, 0), "amount"),
        (Paper(FORMAL, MARCH, 10**14), "amount"),
        (Paper(FRAMEWORK, MARCH, 10**14), "amount"),
        (Paper(FORMAL, MARCH, 1, 1), "increment"),
        (Paper(INTENT, MARCH, None, 0), "increment"),
        (Paper(SUPPLEMENT, MARCH, 1), "increment"),
        (Paper(SUPPLEMENT, MARCH, None, -(10**14)), "increment"),
    ],
)
def test_amounts_must_fit_the_type(paper: Paper, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_paper(paper)
    assert [error.field for error in refused.value.errors] == [field]


@pytest.mark.parametrize(
    "paper",
    [Paper(INTENT, MARCH), Paper(FRAMEWORK, MARCH, 0), Paper(FORMAL, MARCH, 1), Paper(SUPPLEMENT, MARCH, 5, -5)],
)
def test_amounts_that_fit_the_type(paper: Paper) -> None:
    check_paper(paper)


def test_a_supplement_stands_on_a_contract_of_the_same_day_or_earlier() -> None:
    check_papers([Paper(SUPPLEMENT, MARCH, None, 1), Paper(FORMAL, MARCH, 1)])
    for others in ([], [Paper(FRAMEWORK, MARCH, 1)], [Paper(FORMAL, AUGUST, 1)]):
        with pytest.raises(SupplementWithoutContract):
            check_papers([*others, Paper(SUPPLEMENT, JUNE, None, 1)])


def test_on_no_day_may_reductions_exceed_what_was_signed() -> None:
    contract = Paper(FORMAL, MARCH, 100)
    check_papers([contract, Paper(SUPPLEMENT, JUNE, None, -100)])
    with pytest.raises(TotalBelowZero):
        check_papers([contract, Paper(SUPPLEMENT, JUNE, None, -101)])
    # What is signed in October does not make up for June.
    with pytest.raises(TotalBelowZero):
        check_papers([contract, Paper(SUPPLEMENT, JUNE, None, -101), Paper(FORMAL, OCTOBER, 50)])
    # Within one day the order does not matter.
    check_papers([contract, Paper(SUPPLEMENT, JUNE, None, -101), Paper(FORMAL, JUNE, 50)])
