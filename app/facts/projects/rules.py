"""What differs between places and years about a project: which sector an industry belongs to, what is large."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.facts.projects.terms import Kind, Sector
from app.kernel.codes import check_industry
from app.kernel.errors import FieldError
from app.kernel.money import Yuan
from app.kernel.rules import RuleKind, declare

# -- sector --------------------------------------------------------------------------------------------------------


class SectorRule(BaseModel):
    """Which sector a class of GB/T 4754 belongs to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    industries: dict[Annotated[str, StringConstraints(max_length=5)], Sector] = Field(
        description="行业代码或其开头部分 → 产业类别；最长的匹配为准",
        examples=[{"A": "agriculture", "C": "industry", "C17": "agriculture"}],
    )
    otherwise: Sector = Field(description="其余行业的产业类别", examples=["services"])
    kinds: dict[Kind, Sector] = Field(
        description="尚无行业代码时，按项目类型推定", examples=[{"agriculture": "agriculture"}]
    )


def sector_of(industry: str, rule: SectorRule) -> Sector:
    """The sector of a checked industry class: what the rule says of its longest known beginning."""
    for length in range(len(industry), 0, -1):
        found = rule.industries.get(industry[:length])
        if found is not None:
            return found
    return rule.otherwise


def sector_without_industry(kind: Kind, rule: SectorRule) -> Sector:
    """The sector to assume while nobody has given the industry class."""
    return rule.kinds.get(kind, rule.otherwise)


def _check_sector(rule: SectorRule) -> list[FieldError]:
    wrong = []
    for code in rule.industries:
        try:
            known = check_industry(code) == code
        except ValueError:
            known = False
        if not known:
            wrong.append(
                FieldError(field="body.industries", code="industry", message=f"{code} 不是行业代码，例如 A、C17、C3042")
            )
    return wrong


SECTOR = declare(
    RuleKind(
        "sector",
        "产业类别划分",
        SectorRule,
        shipped=SectorRule(
            industries={
                "A": Sector.AGRICULTURE,
                "B": Sector.INDUSTRY,
                "C": Sector.INDUSTRY,
                "D": Sector.INDUSTRY,
                "E": Sector.CONSTRUCTION,
            },
            otherwise=Sector.SERVICES,
            kinds={
                Kind.INDUSTRY_LAND: Sector.INDUSTRY,
                Kind.LEASE: Sector.INDUSTRY,
                Kind.REVITALISATION: Sector.INDUSTRY,
                Kind.AGRICULTURE: Sector.AGRICULTURE,
                Kind.SERVICES: Sector.SERVICES,
                Kind.HEADQUARTERS: Sector.SERVICES,
            },
        ),
        check=_check_sector,
    )
)


# -- scale ---------------------------------------------------------------------------------------------------------


class ScaleRule(BaseModel):
    """From which amount a project is large, and where the bands of amounts begin."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    large_from: Yuan = Field(description="大项目门槛（含），元；看首份正式合同金额", examples=["100000000.00"])
    bands: tuple[Yuan, ...] = Field(
        min_length=1,
        max_length=20,
        description="金额分档的各个起点（含），元，由小到大；最低一档从零起",
        examples=[["50000000.00", "100000000.00", "500000000.00"]],
    )


class Band(BaseModel):
    """A band of amounts: from (inclusive) to (exclusive), in fen."""

    model_config = ConfigDict(frozen=True)

    code: str
    label: str
    from_fen: int
    to_fen: int | None


def bands_of(rule: ScaleRule) -> list[Band]:
    """Every band, smallest first. A band's code is its beginning in 万元: `0`, `5000`, `10000`."""
    starts = [0, *rule.bands]
    found = []
    for start, end in zip(starts, [*rule.bands, None], strict=True):
        if start == 0:
            label = f"{_short(rule.bands[0])}以下"
        else:
            label = f"{_short(start)}以上" if end is None else f"{_short(start)}至{_short(end)}"
        found.append(Band(code=str(start // 1_000_000), label=label, from_fen=start, to_fen=end))
    return found


def band_of(fen: int, rule: ScaleRule) -> Band:
    """The band an amount falls into."""
    return next(band for band in reversed(bands_of(rule)) if fen >= band.from_fen)


def is_large(first_formal_fen: int | None, rule: ScaleRule) -> bool:
    """Is a project whose first formal contract has this amount a large one? The threshold itself is large."""
    return first_formal_fen is not None and first_formal_fen >= rule.large_from


def _short(fen: int) -> str:
    yi = 10_000_000_000
    return f"{fen // yi}亿元" if fen >= yi and fen % yi == 0 else f"{fen // 1_000_000}万元"


def _check_scale(rule: ScaleRule) -> list[FieldError]:
    wrong = []
    if list(rule.bands) != sorted(set(rule.bands)) or rule.bands[0] <= 0:
        wrong.append(FieldError(field="body.bands", code="order", message="各档起点须大于零，由小到大，不重复"))
    if any(start % 1_000_000 for start in rule.bands):
        wrong.append(FieldError(field="body.bands", code="whole", message="各档起点须为整万元"))
    return wrong


SCALE = declare(
    RuleKind(
        "scale",
        "项目规模",
        ScaleRule,
        shipped=ScaleRule.model_validate(
            {
                "large_from": "100000000",
                "bands": ["50000000", "100000000", "500000000", "1000000000", "3000000000"],
            }
        ),
        check=_check_scale,
    )
)
