"""Municipal reporting: keys, and the sandbox that stands for the city."""

import base64
import errno
import os
import secrets
import socket
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.cli.terminal import console, say
from app.config import DEMO_CHANNELS, Settings
from app.demo.municipal import PORT
from app.exchange.municipal import channels
from app.exchange.municipal.channels import Connection
from app.exchange.municipal.sandbox import serving
from app.exchange.municipal.sandbox.city import Settings as SandboxSettings
from app.exchange.municipal.wire import sm2
from app.exchange.municipal.wire.signatures import Keys

commands = typer.Typer(help="上报市级：通道的密钥。", no_args_is_help=True)
sandbox = typer.Typer()

CITY_SECRET = "MUNICIPAL_SANDBOX_SECRET"
"""The environment's variable with the city's private key, where the sandbox signs by SM2."""
ANSWER_KEY = "MUNICIPAL_SANDBOX_ANSWER_KEY"
"""And the one with the machine key by which it may send receipts later."""


class Suite(StrEnum):
    """What a key is for."""

    HMAC_SHA256 = "hmac-sha256"
    HMAC_SM3 = "hmac-sm3"
    SM2 = "sm2"
    SM4_GCM = "sm4-gcm"


@commands.callback()
def _municipal() -> None:
    """上报市级：通道的密钥。"""


@commands.command("key")
def key(suite: Annotated[Suite, typer.Option(help="用于哪种签名算法，或 sm4-gcm 加密")] = Suite.HMAC_SM3) -> None:
    """生成新密钥，按通道设置的写法写到标准输出；不保存在任何地方。"""
    if suite is Suite.SM2:
        try:
            private, public = sm2.new_keys()
        except sm2.Sm2Missing as missing:
            say(str(missing))
            raise typer.Exit(1) from None
        print(f'secret = "{_text(private)}"')
        print(f"# 公钥，交市级登记：{_text(public)}")
    elif suite is Suite.SM4_GCM:
        print(f'cipher_key = "{_text(secrets.token_bytes(16))}"')
    else:
        print(f'secret = "{_text(secrets.token_bytes(32))}"')


@sandbox.command("municipal-sandbox")
def serve_sandbox(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="监听端口，默认取通道设置中本机的端口")] = None,
    host: Annotated[str, typer.Option(help="监听地址；沙箱的设置页没有口令，不宜对外")] = "127.0.0.1",
    data_dir: Annotated[Path | None, typer.Option(help="存放目录，默认 DATA_DIR 下的 sandbox")] = None,
    settings: Annotated[
        Path | None, typer.Option(help="通道设置，默认 MUNICIPAL_FILE 或演示数据的 municipal.toml", dir_okay=False)
    ] = None,
    channel: Annotated[str | None, typer.Option(help="代表哪一通道的市级；只有一个时不必写")] = None,
    check: Annotated[bool, typer.Option(help="按约定核对载荷的字段；通道映射字段的，用 --no-check")] = True,
    answer_to: Annotated[str, typer.Option(help="补发回执的地址，默认本机服务的该通道")] = "",
    if_demo: Annotated[bool, typer.Option("--if-demo", help="只在上报的是演示数据时启动，否则不算出错")] = False,
) -> None:
    """启动市级沙箱：按接口约定接收报送、签名答复，可以让它出各种故障。仅供演示与测试。"""
    ours = Settings()
    file = settings or ours.channels_file
    if if_demo and file != ours.data_dir / DEMO_CHANNELS:
        return
    try:
        name, connection = _chosen(file, channel)
        keys = _city_side(connection)
    except ValueError as wrong:
        say(str(wrong))
        raise typer.Exit(2) from None
    port = port or _port_of(connection)
    _port_is_free(host, port)
    receipts = answer_to or f"http://{ours.host}:{ours.port}/api/v1/municipal/channels/{name}/receipts"
    console.print(f"市级沙箱（通道 {name}）：http://{host}:{port}/")
    folder = data_dir or ours.data_dir / "sandbox"
    prefix = (connection.address.path or "").rstrip("/") if connection.address is not None else ""
    answer_key = os.environ.get(ANSWER_KEY, "")
    told = SandboxSettings(keys, folder, connection.clock_seconds, check, receipts, answer_key, prefix=prefix)
    serving.run(told, host, port)


def _chosen(file: Path | None, channel: str | None) -> tuple[str, Connection]:
    if file is None:
        raise ValueError("没有通道设置：用 --settings 指明文件，或先执行 zhaoshang demo")
    found = {code: one for code, one in channels.read(file).items() if one.mode != "file"}
    if channel is None and len(found) == 1:
        return next(iter(found.items()))
    if channel is None or channel not in found:
        raise ValueError(f"请以 --channel 指明通道：{'、'.join(found) or f'{file} 中没有推送或来取的通道'}")
    return channel, found[channel]


def _city_side(connection: Connection) -> Keys:
    """The same secret with HMAC; with SM2 the city has a key of its own, and knows our public one."""
    keys = connection.keys
    if keys.suite != "sm2":
        return keys
    try:
        private = base64.b64decode(os.environ.get(CITY_SECRET, ""), validate=True)
        public = sm2.public_of(private)
    except ValueError:
        raise ValueError(f"SM2 通道的沙箱须以环境变量 {CITY_SECRET} 给出市级的私钥（base64）") from None
    if public != keys.city_key:
        raise ValueError(f"{CITY_SECRET} 与通道设置中的 city_key 不是一对")
    return Keys(keys.suite, keys.key_id, private, sm2.public_of(keys.shared), keys.sealing)


def _port_of(connection: Connection) -> int:
    """Where the channel looks for the city, if that is this machine."""
    address = connection.address
    local = address is not None and address.host in ("127.0.0.1", "localhost")
    return (address.port if local and address is not None else None) or PORT


def _port_is_free(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as taken:
        if taken.errno == errno.EADDRINUSE:
            say(f"端口 {port} 已被占用：另一个沙箱或别的程序在用，可用 --port 换一个（并改通道设置的 address）")
        else:
            say(f"不能在 {host}:{port} 监听：{taken.strerror}")
        raise typer.Exit(1) from None


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()
