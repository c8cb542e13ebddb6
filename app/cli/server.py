"""Serving: migrations, the server, the worker, the description of the API."""

import json
from typing import Annotated

import typer
import uvicorn

from app import worker
from app.cli.terminal import console
from app.config import Settings
from app.exchange.municipal import channels
from app.exchange.municipal.sandbox import contract
from app.kernel import schema
from app.main import create_app

commands = typer.Typer()


@commands.command()
def migrate() -> None:
    """把数据库升级到最新结构（可重复执行）。"""
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    schema.upgrade(settings.database)


@commands.command()
def serve(
    host: Annotated[str | None, typer.Option(help="默认取 HOST 或 127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="默认取 PORT 或 8000")] = None,
) -> None:
    """升级数据库并启动服务。"""
    migrate()
    settings = Settings()
    channels.read(settings.channels_file)  # said here: the server's processes would show where in the code it failed
    address, number = host or settings.host, port or settings.port
    console.print(f"慧招商：http://{address}:{number}/docs")
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=address,
        port=number,
        workers=settings.workers if settings.workers > 1 else None,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=10,
        # On a busy machine a process may need longer than the usual 5 seconds until it answers its first ping;
        # killed before, it would begin anew for ever.
        timeout_worker_healthcheck=60,
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
    )


@commands.command(name="worker")
def run_worker() -> None:
    """以独立进程执行定时任务（服务进程须设 WORKER_INSIDE=false）。"""
    worker.run(Settings())


@commands.command()
def openapi(
    municipal: Annotated[bool, typer.Option("--municipal", help="改为市级报送接口的约定")] = False,
) -> None:
    """把 OpenAPI 描述写到标准输出。"""
    described = contract.describe() if municipal else create_app(Settings(database_url="sqlite://")).openapi()
    print(json.dumps(described, ensure_ascii=False, indent=2))
