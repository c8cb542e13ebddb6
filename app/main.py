"""The application: routers, handlers, middleware. Its schema needs no configuration."""

import gc
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.requests import Request

from app import domains
from app.config import Settings
from app.exchange import health
from app.exchange.feed.hub import Hub
from app.exchange.feed.streams import Streaming
from app.exchange.municipal import channels, courier, gauges
from app.identity.auth.access import Memory, Public
from app.kernel import errors, events, idempotency, jobs, openapi
from app.kernel.bodies import BodyLimit
from app.kernel.db import Database
from app.kernel.files import Store
from app.kernel.heads import Heads
from app.kernel.replies import Shelf
from app.kernel.routing import Switchboard
from app.kernel.telemetry import Metrics, Telemetry, set_up_logs
from app.kernel.throttle import Throttle

DESCRIPTION = """慧招商：区县招商投资促进局的开放后端。

所有接口在 `/api/v1` 之下。先 `POST /api/v1/auth/login` 取得 `access_token`，以 `Authorization: Bearer …` 携带。
列表以 `limit`、`after`、`sort` 翻页；修改须携带 `If-Match`；`POST` 可携带 `Idempotency-Key`。
金额为元、两位小数的字符串；比率为十位小数的字符串；错误为 `application/problem+json`。
"""

DESCRIBED_AT = "/openapi.json"

TAGS = {
    "auth": "登录、退出、修改密码与本人的会话",
    "projects": "项目台账：登记、修改、状态、密级、责任单位、合作企业、问题、备注与沿革",
    "pipeline": "项目阶段的推进，以及各阶段到达日期的更正",
    "agreements": "意向书、框架协议、正式合同与补充协议",
    "funds": "到位资金的申报、认定、退回与冲销",
    "outcomes": "实际成效：固定资产投资、实缴资本、产值、税收、地方贡献、用工；投资进度",
    "evidence": "佐证材料的提交、替换、下载与核验",
    "reports": "周报：填报、提交、接收与退回，各周的截止时间与报送情况",
    "uploads": "大文件分片上传",
    "reviews": "项目审查：送审、结论、撤回与条件的落实",
    "engagements": "对接活动：拜访、来访、活动、推介、宣传与线上洽谈，填报的合并，以及对接落实",
    "clearances": "合同履约清理：逐份合同逐条认定，办理进展与清理报告",
    "commitments": "履约条款：双方承诺逐条登记，按事实与日期判断，政策兑现、失约与到期提醒",
    "task_forces": "项目专班：成员单位、任务与亮灯，倒排工期、调度会、逐级督办与日历订阅",
    "tickets": "店小二：企业诉求的首接负责、受理、转办、时限与督办、办结，企业以一次性链接评价",
    "attention": "需要关注的项目：久未推进、临期与缺项",
    "rewards": "引资人奖励：线索、排除情形、申报与审核、公示、支付、预算与荣誉",
    "enterprises": "企业库：名称、上市、联系人、查重与合并",
    "figures": "统计指标：分期间、分维度、同比、占比，指标所依据的明细，以及总览与地图",
    "issues": "已发布的期刊：冻结、编号、更正、核验与比较",
    "bulletins": "月通报的草稿",
    "documents": "期刊的 Word 与 PDF，以及可以更换的 Word 模板",
    "boards": "周展示：活跃指数、得分说明、规则试算",
    "statistics": "由外部录入的统计数据：全区固定资产投资、市级考核位次",
    "ledgers": "Excel 台账的导入、导出与模板",
    "municipal": "上报市级：通道与记录、退回与重报、对账、市级来取、报送包与回执",
    "notices": "本人的通知",
    "feed": "事件日志及其核对，实时变更",
    "meta": "各字段的可选值",
    "units": "责任单位及其类别",
    "periods": "统计期间的锁定与重开，工作日历",
    "rules": "口径规则：各版本的起草、生效与撤回",
    "accounts": "用户、角色与机器密钥的管理",
    "health": "运行状态与监控",
}
"""The groups of the API page, in its order: what is in each."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application. Without settings they are read from the environment."""
    settings = settings or Settings()
    set_up_logs(settings.log_format, settings.log_level)
    connections = channels.read(settings.channels_file)
    database = Database(settings.database)
    store = Store(settings.data_dir)
    stop = threading.Event()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        worker = threading.Thread(
            target=jobs.work,
            args=(database, domains.jobs_of(store, connections), stop, app.state.metrics),
            name="worker",
            daemon=True,
        )
        carrying = threading.Thread(
            target=courier.run, args=(database, connections, settings.district, stop), name="courier", daemon=True
        )
        if settings.worker_inside:
            worker.start()
            carrying.start()
        # What was built until now stays: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        async with app.state.hub.running():
            yield
        stop.set()
        if settings.worker_inside:
            await anyio.to_thread.run_sync(worker.join, 10.0)
            await anyio.to_thread.run_sync(carrying.join, 10.0)
        database.close()

    app = FastAPI(
        title="慧招商 Zhaoshang",
        version="0.1.0",
        description=DESCRIPTION,
        openapi_tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        lifespan=lifespan,
        docs_url=None,
        openapi_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.store = store
    app.state.connections = connections
    app.state.heads = Heads(database)
    app.state.memory = Memory()
    app.state.vault = settings.open_vault()
    app.state.shelf = Shelf()
    app.state.metrics = Metrics()
    gauges.install(app.state.metrics, database, connections)
    app.state.throttle = Throttle()
    app.state.hub = Hub(
        database, domains.FEED, heartbeat=settings.stream_heartbeat_seconds, life=settings.stream_life_seconds
    )
    app.state.metrics.streams.set_function(lambda: len(app.state.hub.streams))
    errors.install(app)
    events.install(database, domains.REACTIONS)
    idempotency.install(app, database)
    app.router.routes.append(Switchboard((*domains.ROUTERS, health.router)))
    app.openapi = lambda: openapi.describe(app)  # type: ignore[method-assign]
    _docs(app)
    # Not `add_middleware`: that is inside of the handler of last resort, whose answers need a request id as well.
    limited = BodyLimit(app.build_middleware_stack(), settings.max_upload_mb * 1024 * 1024)
    app.middleware_stack = Telemetry(Streaming(limited), app.state.metrics)
    return app


def _docs(app: FastAPI) -> None:
    """The API's description, and its page from files of this machine: an intranet reaches no other."""
    description = openapi.Description(app)

    @app.get(DESCRIBED_AT, include_in_schema=False, dependencies=[Public])
    async def describe(request: Request) -> Response:
        return await description.answer(request)

    app.mount("/docs/files", StaticFiles(packages=[("fastapi_swagger", "resources")]), name="docs-files")

    @app.get("/docs", include_in_schema=False, dependencies=[Public])
    async def docs(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "").rstrip("/")
        return get_swagger_ui_html(
            openapi_url=f"{root}{DESCRIBED_AT}",
            title=app.title,
            swagger_js_url=f"{root}/docs/files/swagger-ui-bundle.js",
            swagger_css_url=f"{root}/docs/files/swagger-ui.css",
            swagger_favicon_url=f"{root}/docs/files/favicon-32x32.png",
            swagger_ui_parameters={"persistAuthorization": True, "filter": True, "docExpansion": "none"},
        )
