from typing import Annotated

from fastapi import Response
from fastapi.responses import JSONResponse

from app.figures import maps, overview, queries, restatements, rows
from app.figures.schemas import (
    DimensionsOut,
    FeatureCollection,
    FigureQuery,
    FiguresOut,
    IndicatorsOut,
    MapQuery,
    OverviewOut,
    OverviewQuery,
    RestatementQuery,
    RestatementsOut,
    RowQuery,
    RowsOut,
)
from app.identity.auth.access import Read, reads
from app.kernel.access import Permission
from app.kernel.asking import asked
from app.kernel.errors import Invalid, raises
from app.kernel.routing import api

router = api("figures")

Reader = Annotated[Read, reads(Permission.FIGURE_READ)]
MetaReader = Annotated[Read, reads(Permission.META_READ)]


@router.get("/figures", summary="指标", response_model=FiguresOut, responses=raises(Invalid))
async def get_figures(read: Reader, q: Annotated[FigureQuery, asked(FigureQuery)]) -> Response:
    """Indicators of a period, broken down, filtered, compared with a year earlier.

    A figure counts everything for everyone. Parts of a breakdown in which the actor may see nothing go into `other`;
    a filter that leaves nothing he may see gives no value, with the reason `withheld`.
    """
    return await read.answer(queries.figures, q)


@router.get("/figures/rows", summary="指标的明细", response_model=RowsOut, responses=raises(Invalid))
async def list_figure_rows(read: Reader, q: Annotated[RowQuery, asked(RowQuery)]) -> Response:
    """The rows an indicator counts, as far as the actor may see them; `withheld` tells how many more there are."""
    return await read.answer(rows.rows, q)


@router.get("/figures/restatements", summary="指标的更正", response_model=RestatementsOut, responses=raises(Invalid))
async def list_restatements(read: Reader, q: Annotated[RestatementQuery, asked(RestatementQuery)]) -> Response:
    """Corrections that came after a period was over and changed what an indicator counts in it, with their reasons.

    A figure with `restated` has some; `withheld` tells how many the actor may not see.
    """
    return await read.answer(restatements.page, q)


@router.get("/overview", summary="总览", response_model=OverviewOut, responses=raises(Invalid))
async def get_overview(read: Reader, q: Annotated[OverviewQuery, asked(OverviewQuery)]) -> Response:
    """What a landing page needs in one answer: headline indicators with last year's, breakdowns, months, news."""
    return await read.answer(overview.overview, q)


class GeoJson(JSONResponse):
    """Only for the contract: the body is ready."""

    media_type = "application/geo+json"


@router.get(
    "/map",
    summary="项目地图（GeoJSON）",
    response_model=FeatureCollection,
    response_class=GeoJson,
    responses=raises(Invalid),
)
async def get_map(read: Reader, q: Annotated[MapQuery, asked(MapQuery)]) -> Response:
    """Visible projects with coordinates as GeoJSON points (`application/geo+json`)."""
    response = await read.answer(maps.features, q)
    response.headers["Content-Type"] = GeoJson.media_type
    return response


@router.get("/meta/indicators", summary="指标目录", response_model=IndicatorsOut)
async def list_indicators(read: MetaReader) -> Response:
    """Every indicator: code, label, formula in words, unit, rounding, and its versions with their dates."""
    return await read.answer(queries.indicators)


@router.get("/meta/dimensions", summary="维度目录", response_model=DimensionsOut)
async def list_dimensions(read: MetaReader) -> Response:
    """Every dimension, and its values where they are a closed list: what breakdowns and filters can name."""
    return await read.answer(queries.dimensions)
