"""`zhaoshang …` as an administrator meets it: real processes, exit codes, what is said where."""

import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import select, text
from typer.testing import CliRunner

from app import cli
from app.config import Settings
from app.facts.rewards.providers import service as providers
from app.facts.rewards.providers.models import LeadProvider
from app.facts.rewards.providers.schemas import ProviderIn
from app.facts.rewards.providers.terms import ProviderKind
from app.identity.auth import passwords
from app.identity.auth.models import LoginGuard, User, UserSession
from app.kernel import calendar, chain, events
from app.kernel.access import SYSTEM, TABLE, Actor, Role
from app.kernel.db import Database
from app.kernel.vault import Vault
from tests.factories.identity import make_session, make_unit, make_user
from tests.servers import PATIENCE, ROOT, LiveServer, answers, free_port

NEWEST_ONLY = True  # what a command does is tested beside what does it

PROGRAM = "from app.cli import main; main()"
GOOD = "Zhao-Shang-2026"

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Inside = Callable[..., tuple[int, str, str]]


def surroundings(folder: Path, **settings: str) -> dict[str, str]:
    """The environment of a command: nothing of this machine's settings, and the code from anywhere."""
    names = {name.upper() for name in Settings.model_fields} | {"ZHAOSHANG_PASSWORD"}
    plain = {name: value for name, value in os.environ.items() if name.upper() not in names}
    return plain | {"DATA_DIR": str(folder / "data"), "PYTHONPATH": str(ROOT)} | settings


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run("user", "list", DATABASE_URL=…)` in an empty folder, without a terminal."""

    def run_it(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments],
            cwd=tmp_path,
            env=surroundings(tmp_path, **settings),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run_it


def accounts(url: str) -> dict[str, User]:
    database = Database(url)
    with database.unit_of_work() as db:
        found = {user.login: user for user in db.scalars(select(User))}
    database.close()
    return found


# -- users -----------------------------------------------------------------------------------------------------


def test_the_first_administrator_is_created_on_an_empty_database(new_database: Callable[..., str], run: Run) -> None:
    url = new_database(empty=True)
    made = run("user", "create", "admin", "--role", "system_admin", DATABASE_URL=url)
    assert made.returncode == 0, made.stderr
    told, _, shown = made.stdout.strip().rpartition("：")
    user = accounts(url)["admin"]
    assert told == "已创建用户 admin，初始密码"
    assert passwords.verify(shown, user.password_hash)
    assert (user.roles, user.must_change_password) == (["system_admin"], True)
    assert shown not in made.stderr


@pytest.fixture
def inside(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inside]:
    """The same in this process, for what is asked often: (exit code, standard output, standard error)."""
    logs = structlog.get_config()
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))

    def run_it(*arguments: str, password: str | None = None, **settings: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(cli.cli, list(arguments), env={"ZHAOSHANG_PASSWORD": password, **settings})
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    yield run_it
    structlog.configure(**logs)  # commands set logs up for their own standard error


def test_a_password_from_the_environment_is_not_shown(database_url: str, inside: Inside) -> None:
    roles = ("--role", "officer", "--role", "reviewer")
    code, told, said = inside("user", "create", "wang", *roles, "--name", "王芳", password=GOOD)
    assert (code, told) == (0, "已创建用户 wang\n"), said
    user = accounts(database_url)["wang"]
    assert passwords.verify(GOOD, user.password_hash)
    assert (user.name, user.roles) == ("王芳", ["officer", "reviewer"])


@pytest.mark.parametrize(
    ("arguments", "password", "reason"),
    [
        (("wang", "--role", "officer"), "short", "至少 8 个字符"),
        (("wang", "--role", "officer"), "Wang-wang-1", "不得包含登录名"),
        (("王", "--role", "officer"), GOOD, "小写字母"),
        (("wang", "--role", "officer", "--role", "auditor"), GOOD, "三员分立"),
        (("wang", "--role", "reporter"), GOOD, "责任单位"),
        (("wang", "--role", "reporter", "--unit", "nowhere"), GOOD, "nowhere"),
        (("there", "--role", "officer"), GOOD, "登录名已被使用"),
    ],
)
def test_an_account_that_may_not_be_is_refused(
    inside: Inside, database_url: str, arguments: tuple[str, ...], password: str, reason: str
) -> None:
    assert inside("user", "create", "there", "--role", "officer")[0] == 0
    code, _, said = inside("user", "create", *arguments, password=password)
    assert (code, reason in said) == (1, True), said
    assert password not in said
    assert list(accounts(database_url)) == ["there"]


def test_accounts_are_kept_from_the_command_line(inside: Inside, database_url: str) -> None:
    database = Database(database_url)
    events.install(database, {})
    with database.unit_of_work() as db:
        events.act(db, SYSTEM)
        user = make_user(db, "officer", login="zhang", name="张三", unit=make_unit(db, "jxw"))
        make_session(db, user)
        now = calendar.now()
        db.add(LoginGuard(name="zhang", failures=0, failed_at=now, locked_until=now.replace(year=now.year + 1)))

    assert "锁定至" in (line := line_of(inside("user", "list"), "zhang")) and "张三" in line and "区经济信息委" in line
    assert inside("user", "unlock", "zhang")[0] == 0
    assert "正常" in line_of(inside("user", "list"), "zhang")

    code, told, _ = inside("user", "password", "zhang")
    assert code == 0 and told.startswith("已重置 zhang 的密码：")
    assert passwords.verify(told.strip().rpartition("：")[2], accounts(database_url)["zhang"].password_hash)
    assert inside("user", "password", "zhang", password="weak")[0] == 1
    with database.unit_of_work() as db:
        assert db.scalars(select(UserSession.ended_at)).one() is not None
    assert "待改密码" in line_of(inside("user", "list"), "zhang")

    assert inside("user", "disable", "zhang")[0] == 0
    assert not accounts(database_url)["zhang"].active
    assert "停用" in line_of(inside("user", "list"), "zhang")
    assert inside("user", "enable", "zhang")[0] == 0
    assert accounts(database_url)["zhang"].active
    with database.reading() as connection:
        kinds = [row.kind for row in chain.stored(connection) if row.actor == "system"]
    assert kinds[-4:] == ["user.password_changed", "session.ended", "user.disabled", "user.enabled"]
    database.close()


def line_of(done: tuple[int, str, str], login: str) -> str:
    assert done[0] == 0
    return next(line for line in done[1].splitlines() if login in line)


@pytest.mark.parametrize("command", ["password", "unlock", "disable", "enable"])
def test_who_is_not_there_is_named_so(inside: Inside, command: str) -> None:
    code, _, said = inside("user", command, "nobody", password=GOOD)
    assert (code, said.strip()) == (1, "没有这个用户")


# -- serving ---------------------------------------------------------------------------------------------------


def start(tmp_path: Path, *arguments: str, **settings: str) -> LiveServer:
    port = free_port()
    log = tmp_path / "process.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            cwd=tmp_path,
            env=surroundings(tmp_path, PORT=str(port), **settings),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    return LiveServer(f"http://127.0.0.1:{port}", process, log)


def test_it_serves_from_nothing_and_ends_when_asked(new_database: Callable[..., str], tmp_path: Path) -> None:
    server = start(tmp_path, "serve", DATABASE_URL=new_database(empty=True))
    try:
        assert answers(server), server.tail()
        assert server.base_url in server.tail()
    finally:
        code = server.stop()
    assert code in (0, -signal.SIGTERM)
    assert "Traceback" not in server.tail()


def test_the_worker_ends_when_asked(database_url: str, tmp_path: Path) -> None:
    process = start(tmp_path, "worker", DATABASE_URL=database_url).process
    log = tmp_path / "process.log"
    try:
        wait_for(lambda: "worker_started" in log.read_text(), process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in log.read_text()


def wait_for(done: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)


# -- the log ---------------------------------------------------------------------------------------------------


def test_the_log_is_verified(database_url: str, inside: Inside) -> None:
    database = Database(database_url)
    events.install(database, {})
    for code in ("a", "b", "c"):
        with database.unit_of_work() as db:
            make_unit(db, code)
    assert inside("log", "verify") == (0, "日志完整：3 条\n", "")
    with database.unit_of_work() as db:
        db.execute(text("UPDATE event SET body = replace(body, '\"b\"', '\"B\"') WHERE seq = 2"))
    database.close()
    code, told, _ = inside("log", "verify")
    assert code == 1
    assert "编号 2" in told


# -- settings ----------------------------------------------------------------------------------------


def test_a_database_that_is_not_there_is_told_in_one_sentence(inside: Inside) -> None:
    code, _, said = inside("user", "list", DATABASE_URL="postgresql://nobody@127.0.0.1:1/nowhere")
    assert code == 1
    assert "数据库不可用" in said and "Traceback" not in said


def test_settings_are_told_with_their_source_and_without_secrets(inside: Inside, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=9001\nDISTRICT_NAME=某区\nPASSWORD_PROFILE=asvs\n")
    code, told, said = inside(
        "config",
        DATABASE_URL="postgresql://zs:geheim1@db/zs?password=geheim2",
        DEMO_PASSWORD="geheim3",
        PASSWORD_PROFILE="djbh",
    )
    assert code == 0, said
    lines = {line.split()[0]: line.split() for line in told.splitlines()}
    assert lines.keys() >= {name.upper() for name in Settings.model_fields}
    assert lines["PORT"][1:4] == ["9001", ".env", "8000"]
    assert lines["DISTRICT_NAME"][1:4] == ["某区", ".env", "黔江区"]
    assert lines["PASSWORD_PROFILE"][1:4] == ["djbh", "环境变量", "djbh"]
    assert lines["HOST"][1:4] == ["127.0.0.1", "默认", "127.0.0.1"]
    assert lines["DATABASE_URL"][2] == "环境变量"
    assert "PDF 字体：" in told
    assert "geheim" not in told + said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_setting_has_a_meaning(inside: Inside, language: str) -> None:
    code, told, _ = inside("config", "--markdown", language)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in told.splitlines()[2:]]
    assert code == 0
    assert [row[0] for row in rows] == [f"`{name.upper()}`" for name in Settings.model_fields]
    assert [row for row in rows if len(row) != 3 or not row[2] or row[2] == "None"] == []


def test_a_wrong_setting_is_named(run: Run) -> None:
    done = run("serve", PORT="many", WORKERS="0")
    assert done.returncode == 2
    assert [name for name in ("PORT", "WORKERS") if f"配置 {name} 有误" not in done.stderr] == []
    assert "Traceback" not in done.stderr


# -- backups ---------------------------------------------------------------------------------------------------


def test_backup_and_restore(
    database_url: str, new_database: Callable[..., str], inside: Inside, tmp_path: Path
) -> None:
    database = Database(database_url)
    events.install(database, {})
    with database.unit_of_work() as db:
        make_session(db, make_user(db, "officer", login="zhang"))
    with database.reading() as connection:
        end = connection.scalars(select(chain.LogHead.hash)).one()
    database.close()

    code, told, said = inside("backup", "all.tar.gz")
    assert code == 0, said
    assert (tmp_path / "all.tar.gz").exists() and end in told
    assert inside("backup", "all.tar.gz") == (1, "", "备份文件已存在，请另取名称\n")

    empty = new_database(empty=True)
    code, told, said = inside("restore", "all.tar.gz", DATABASE_URL=empty)
    assert code == 0, said
    assert end in told and "会话 1 个" in told
    assert list(accounts(empty)) == ["zhang"]
    assert inside("log", "verify", DATABASE_URL=empty)[0] == 0
    refused = inside("restore", "all.tar.gz", DATABASE_URL=empty)
    assert refused == (1, "", "目标数据库已有数据；恢复只写入空库\n")


def test_a_database_without_tables_is_told_in_one_line(new_database: Callable[..., str], inside: Inside) -> None:
    code, _, said = inside("log", "verify", DATABASE_URL=new_database(empty=True))
    assert code == 1 and said.startswith("数据库不可用，或尚未升级（zhaoshang migrate）：")


def test_a_broken_backup_leaves_nothing(inside: Inside, tmp_path: Path) -> None:
    assert inside("backup", "all.tar.gz")[0] == 0
    whole = (tmp_path / "all.tar.gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    code, _, said = inside("restore", "cut.tar.gz", DATABASE_URL="", DATA_DIR="other")
    assert (code, said) == (1, "备份文件损坏或不完整，未恢复任何内容\n")
    assert list((tmp_path / "other").iterdir()) == []


def test_a_file_that_cannot_be_is_told_in_one_sentence(inside: Inside, tmp_path: Path) -> None:
    code, _, said = inside("backup", str(tmp_path / "nowhere" / "all.tar.gz"))
    assert code == 1 and "nowhere" in said
    assert inside("restore", str(tmp_path / "nowhere.tar.gz"))[0] == 2


# -- keys of personal data -------------------------------------------------------------------------------------


def test_keys_are_rotated_and_no_backup_tells_what_they_keep(database_url: str, inside: Inside, tmp_path: Path) -> None:
    (code, one, _), (_, two, _) = inside("vault", "key"), inside("vault", "key")
    assert code == 0 and one != two
    one, two = one.strip(), two.strip()
    number = "500114199001011231"
    database, old = Database(database_url), Vault([one])
    events.install(database, {})
    with database.unit_of_work() as db:
        officer = Actor(1, "lin", "user", frozenset({Role.OFFICER}), TABLE[Role.OFFICER])
        providers.create(db, officer, old, ProviderIn(kind=ProviderKind.PERSON, name="张三", identity=number))

    code, _, said = inside("vault", "rotate")
    assert code == 1 and "VAULT_KEY" in said
    code, told, said = inside("vault", "rotate", VAULT_KEY=two)  # the old one is missing
    assert code == 1 and "请勿去掉旧密钥" in said
    both = {"VAULT_KEY": two, "VAULT_KEYS_OLD": one, "VAULT_CIPHER": "sm4-gcm"}
    for renewed, current in ((1, 0), (0, 1)):
        code, told, said = inside("vault", "rotate", **both)
        counts = next(line.split()[1:] for line in told.splitlines() if "lead_provider.identity" in line)
        assert (code, counts) == (0, [str(renewed), str(current), "0"]), said
    with database.reading() as connection:
        row = connection.execute(select(LeadProvider.id, LeadProvider.identity)).one()
    new = Vault([two], "sm4-gcm")
    assert new.open(row.identity, LeadProvider.identity, row.id) == number
    assert old.peek(row.identity, LeadProvider.identity, row.id) is None
    database.close()

    code, told, said = inside("backup", "all.tar.gz", **both)
    assert code == 0, said
    with tarfile.open(tmp_path / "all.tar.gz") as archive:
        written = b"".join(archive.extractfile(part).read() for part in archive if part.isfile())  # type: ignore[union-attr]
    assert row.identity.encode() in written
    assert not any(secret.encode() in written for secret in (number, one, two))
    code, told, said = inside("config", **both)
    assert code == 0 and one not in told + said and two not in told + said
