"""The configuration: what can be set, what is set, and where."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource
from rich.table import Table
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.cli.terminal import show
from app.config import Settings
from app.exchange.municipal import channels
from app.exchange.municipal.channels import BadChannels
from app.kernel.documents import fonts
from app.kernel.documents.fonts import NoChineseFont

commands = typer.Typer()

HIDDEN = "***"


class Language(StrEnum):
    """Languages of the table for the README."""

    ZH = "zh"
    EN = "en"


@commands.command()
def config(
    markdown: Annotated[Language | None, typer.Option(help="改为打印 README 用的表：名称、默认值、含义")] = None,
) -> None:
    """列出全部配置：现值、来源、默认值、含义。口令不显示。"""
    if markdown is not None:
        heads = {Language.ZH: "| 环境变量 | 默认值 | 含义 |", Language.EN: "| Variable | Default | Meaning |"}
        print(heads[markdown], "| --- | --- | --- |", sep="\n")
        for name, field in Settings.model_fields.items():
            meaning = field.title if markdown is Language.ZH else field.description
            default = _plain(field.default)
            print(f"| `{name.upper()}` | {f'`{default}`' if default else ''} | {meaning} |")
        return
    settings = Settings()
    set_in = {"环境变量": EnvSettingsSource(Settings)(), ".env": DotEnvSettingsSource(Settings)()}
    table = Table("名称", "现值", "来源", "默认值", "含义", box=None)
    for name, field in Settings.model_fields.items():
        source = next((place for place, values in set_in.items() if name in values), "默认")
        value = _masked(name, getattr(settings, name))
        table.add_row(name.upper(), value, source, _plain(field.default), field.title)
    show(table)
    print(_fonts(settings))
    print(_channels(settings))


def _channels(settings: Settings) -> str:
    """Where is reported to, or what is wrong with the file that says so. No credentials."""
    try:
        found = channels.read(settings.channels_file)
    except BadChannels as problem:
        return f"上报通道：{problem}"
    told = [
        f"{code}（{one.name}，{one.mode}，{one.address.host if one.address else '无地址'}）"
        for code, one in found.items()
    ]
    return f"上报通道：{'、'.join(told) or '无'}"


def _fonts(settings: Settings) -> str:
    """In what a PDF is printed, or that there is nothing to print it in."""
    try:
        found = fonts.faces(fonts.installed(settings.font_dir))
    except NoChineseFont as problem:
        return f"PDF 字体：{problem.said}"
    return f"PDF 字体：标题 {found['title']}，正文 {found['body']}，小标题 {found['first']}、{found['second']}"


def _plain(value: Any) -> str:
    """A value as one writes it into the environment."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _masked(name: str, value: Any) -> str:
    if isinstance(value, SecretStr):
        return HIDDEN if value.get_secret_value() else ""
    if value and name == "demo_password":
        return HIDDEN
    if value and name == "database_url":
        try:
            url = make_url(value)
        except ArgumentError:
            return HIDDEN
        if "password" in url.query:
            url = url.update_query_dict({"password": HIDDEN})
        return url.render_as_string(hide_password=True)
    return _plain(value)
