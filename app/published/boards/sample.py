"""A board of a district that does not exist, with one of everything: what a new template is tried with."""

from app.figures.indicators import INDICATORS_BY_CODE
from app.published.boards.content import SUMMARY, heads, used
from app.published.boards.rules import ACTIVITY, LABELS
from app.published.boards.schemas import BoardContent, BoardLine, PartPoints, SummaryLine, TierBoard
from app.published.named import Named, NamedList, UnitName

_UNIT = UnitName(unit="jxw", name="区经济信息委")


def sample() -> BoardContent:
    """Always the same, under the rule that is shipped."""
    project = Named(
        project="500114-2020-0046", name="防眩光玻璃", on="2020-08-18", amount="120000000.00", unit=_UNIT.name
    )
    line = BoardLine(
        unit=_UNIT.unit, name=_UNIT.name, rank=1, subtotal="60.00", late=1, missing=0, penalty="1.00", total="59.00",
        parts=[PartPoints(code=code, measure="1", score="60.00", points="10.00") for code in LABELS],
    )  # fmt: skip
    return BoardContent(
        period="2020-W34",
        label="2020年第34周",
        starts_on="2020-08-17",
        ends_on="2020-08-23",
        rule=used(ACTIVITY.shipped, 0),
        sub_indices=heads(ACTIVITY.shipped),
        tiers=[TierBoard(code="key", label="重点责任", units=[line])],
        summary=[
            SummaryLine(
                indicator=code, label=INDICATORS_BY_CODE[code].wording, unit=INDICATORS_BY_CODE[code].unit, value=1,
                text="1",
            )
            for code in SUMMARY
        ],
        late=[_UNIT],
        missing=[_UNIT],
        signed=NamedList(items=[project], withheld=1),
        started=NamedList(items=[project], withheld=0),
    )  # fmt: skip
