import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.facts.projects.rules import (
    SCALE,
    SECTOR,
    ScaleRule,
    SectorRule,
    band_of,
    bands_of,
    is_large,
    sector_of,
    sector_without_industry,
)
from app.facts.projects.terms import Kind, Sector
from app.kernel.codes import check_industry

YI = 10_000_000_000  # 1亿元 in fen

SHIPPED = SECTOR.shipped


def _industry(division: int, more: str) -> str:
    return check_industry(f"{division:02d}{more}")


industries = st.builds(_industry, st.integers(1, 97), st.sampled_from(["", "1", "12"]))


@given(industries)
def test_the_section_decides_the_sector(industry: str) -> None:
    expected = {
        "A": Sector.AGRICULTURE,
        "B": Sector.INDUSTRY,
        "C": Sector.INDUSTRY,
        "D": Sector.INDUSTRY,
        "E": Sector.CONSTRUCTION,
    }.get(industry[0], Sector.SERVICES)
    assert sector_of(industry, SHIPPED) is expected


@given(industries, st.sampled_from(Sector), st.integers(1, 5))
def test_the_longest_known_beginning_decides(industry: str, sector: Sector, length: int) -> None:
    known = industry[: max(1, min(length, len(industry)))]
    rule = SHIPPED.model_copy(update={"industries": {**SHIPPED.industries, known: sector}})
    assert sector_of(industry, rule) is sector


@given(st.sampled_from(Kind))
def test_every_kind_has_a_sector_while_the_industry_is_unknown(kind: Kind) -> None:
    assert sector_without_industry(kind, SHIPPED) in Sector


def test_silk_may_be_counted_as_agriculture() -> None:
    rule = SectorRule.model_validate(SHIPPED.model_dump() | {"industries": {"C": "industry", "C174": "agriculture"}})
    assert sector_of("C1743", rule) is Sector.AGRICULTURE
    assert sector_of("C1751", rule) is Sector.INDUSTRY


def test_a_sector_rule_names_known_industries() -> None:
    wrong = SectorRule.model_validate(SHIPPED.model_dump() | {"industries": {"C": "industry", "C99": "industry"}})
    assert [error.code for error in SECTOR.check(wrong)] == ["industry"]
    assert SECTOR.check(SHIPPED) == []


@pytest.mark.parametrize(("fen", "large"), [(None, False), (YI - 1, False), (YI, True), (YI + 1, True)])
def test_the_threshold_itself_is_large(fen: int | None, large: bool) -> None:
    assert is_large(fen, SCALE.shipped) is large


@given(st.integers(0, 10**16))
def test_every_amount_is_in_exactly_one_band(fen: int) -> None:
    bands = bands_of(SCALE.shipped)
    inside = [band for band in bands if band.from_fen <= fen and (band.to_fen is None or fen < band.to_fen)]
    assert inside == [band_of(fen, SCALE.shipped)]


def test_bands_are_called_as_people_call_them() -> None:
    assert [(band.code, band.label) for band in bands_of(SCALE.shipped)] == [
        ("0", "5000万元以下"),
        ("5000", "5000万元至1亿元"),
        ("10000", "1亿元至5亿元"),
        ("50000", "5亿元至10亿元"),
        ("100000", "10亿元至30亿元"),
        ("300000", "30亿元以上"),
    ]


@pytest.mark.parametrize(
    ("bands", "code"), [(["100000000", "50000000"], "order"), (["0"], "order"), (["50000.00", "50000.50"], "whole")]
)
def test_a_scale_rule_has_its_bands_in_order(bands: list[str], code: str) -> None:
    rule = ScaleRule.model_validate({"large_from": "100000000", "bands": bands})
    assert code in [error.code for error in SCALE.check(rule)]
