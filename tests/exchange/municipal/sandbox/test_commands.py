"""What the command line does for reporting: keys, the demo's channel, and a sandbox that starts only where it may."""

import base64
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.cli import cli
from app.cli.municipal import CITY_SECRET
from app.config import DEMO_CHANNELS, DEMO_KEY, Settings
from app.demo.municipal import keep_a_channel
from app.exchange.municipal import channels
from app.exchange.municipal.sandbox import serving
from app.exchange.municipal.wire import sm2
from app.exchange.municipal.wire.messages import read_request, write_request
from app.kernel import calendar
from tests.servers import free_port

Run = Callable[..., Result]
SM2 = """
[channels.city]
address = "http://127.0.0.1:{port}/api"
suite = "sm2"
key_id = "k"
secret = "{secret}"
city_key = "{public}"
"""


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """With what the sandbox would have been served."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(serving, "run", lambda *given: calls.append(given))
    return calls


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    for name in ("MUNICIPAL_FILE", "HOST", "PORT", CITY_SECRET):
        monkeypatch.delenv(name, raising=False)

    def called(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(cli, arguments, env=environment)

    return called


def demo(folder: Path, port: int) -> Path:
    """The demo's channel, on a port that is free."""
    keep_a_channel(Settings(_env_file=None, data_dir=folder), fresh=True)
    file = folder / DEMO_CHANNELS
    file.write_text(file.read_text().replace(":8100", f":{port}"))
    return file


def test_keys_are_fresh_and_fit(run: Run) -> None:
    for suite, name, size in (("hmac-sm3", "secret", 32), ("hmac-sha256", "secret", 32), ("sm4-gcm", "cipher_key", 16)):
        first, second = (
            run("municipal", "key", "--suite", suite).stdout,
            run("municipal", "key", "--suite", suite).stdout,
        )
        assert first != second
        assert first.startswith(f'{name} = "')
        assert len(base64.b64decode(first.split('"')[1])) == size
    told = run("municipal", "key", "--suite", "sm2").stdout
    private, public = told.split('"')[1], told.strip().rsplit("：", 1)[1]
    assert sm2.public_of(base64.b64decode(private)) == base64.b64decode(public)


def test_sm2_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sm2, "installed", lambda: False)
    sm2._module.cache_clear()
    assert run("municipal", "key", "--suite", "sm2").exit_code == 1


def test_the_demo_gets_one_channel_of_its_own(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path)
    keep_a_channel(settings, fresh=False)
    assert settings.channels_file is None, "a database that is no demo reports to nobody"
    (tmp_path / DEMO_KEY).touch()
    keep_a_channel(settings, fresh=False)
    file = settings.channels_file
    assert file == tmp_path / DEMO_CHANNELS
    assert file.stat().st_mode & 0o077 == 0
    [(code, connection)] = channels.read(file).items()
    assert (code, str(connection.address), connection.suite) == ("city", "http://127.0.0.1:8100/", "hmac-sm3")
    assert len(connection.keys.shared) == 32 and len(connection.keys.sealing) == 16
    kept = file.read_bytes()
    keep_a_channel(settings, fresh=True)
    assert file.read_bytes() == kept
    own = tmp_path / "own.toml"
    assert Settings(_env_file=None, data_dir=tmp_path, municipal_file=own).channels_file == own


def test_it_stands_for_the_city_of_the_demo(run: Run, tmp_path: Path, served: list[tuple[Any, ...]]) -> None:
    port = free_port()
    file = demo(tmp_path, port)
    assert run("municipal-sandbox", "--if-demo", PORT="8123").exit_code == 0
    [(settings, host, at)] = served
    assert (host, at) == ("127.0.0.1", port)
    assert settings.keys == channels.read(file)["city"].keys
    assert settings.answer_to == "http://127.0.0.1:8123/api/v1/municipal/channels/city/receipts"
    assert settings.folder == tmp_path / "sandbox"


def test_it_does_not_start_beside_a_real_city(run: Run, tmp_path: Path, served: list[tuple[Any, ...]]) -> None:
    assert run("municipal-sandbox", "--if-demo").exit_code == 0
    own = demo(tmp_path, free_port()).rename(tmp_path / "own.toml")
    demo(tmp_path, free_port())
    assert run("municipal-sandbox", "--if-demo", MUNICIPAL_FILE=str(own)).exit_code == 0
    assert served == []


def test_it_says_what_is_missing(run: Run, tmp_path: Path, served: list[tuple[Any, ...]]) -> None:
    def told(*arguments: str, code: int, **environment: str) -> str:
        done = run("municipal-sandbox", *arguments, **environment)
        assert done.exit_code == code
        return done.stderr

    assert "没有通道设置" in told(code=2)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        demo(tmp_path, taken.getsockname()[1])
        assert "已被占用" in told(code=1)
    assert "city" in told("--channel", "other", code=2)
    assert "读不到" in told("--settings", "nothing.toml", code=2)
    assert served == []


def test_with_sm2_the_city_has_a_key_of_its_own(run: Run, tmp_path: Path, served: list[tuple[Any, ...]]) -> None:
    ours, city = sm2.new_keys(), sm2.new_keys()
    text = {"secret": base64.b64encode(ours[0]).decode(), "public": base64.b64encode(city[1]).decode()}
    file = tmp_path / "own.toml"
    file.write_text(SM2.format(port=free_port(), **text))
    secret = base64.b64encode(city[0]).decode()
    for given, said in ((None, "给出市级的私钥"), (text["secret"], "不是一对")):
        done = run("municipal-sandbox", "--settings", str(file), **({CITY_SECRET: given} if given else {}))
        assert done.exit_code == 2
        assert said in done.stderr
    assert run("municipal-sandbox", "--settings", str(file), **{CITY_SECRET: secret}).exit_code == 0
    [(settings, *_)] = served
    assert settings.prefix == "/api"
    sent = write_request(channels.read(file)["city"].keys, "POST", "/api/records", b"{}", calendar.now())
    assert (
        read_request(settings.keys, "POST", "/api/records", sent.headers, sent.body, calendar.now(), 300).body == b"{}"
    )
