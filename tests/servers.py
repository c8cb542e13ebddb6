"""Real server processes for the tests: what a client, a restart or `kill -9` meets."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 30.0


@dataclass
class LiveServer:
    """A server on a loopback port; `log` holds all it has printed."""

    base_url: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> int:
        """Ask it to end as an operator does; its exit code. It is killed if it takes too long."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop:\n{self.tail()}") from None

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        self.process.kill()
        self.process.wait(timeout=PATIENCE)

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]


APPLICATION = "app.main:create_app"


def serve(
    database_url: str,
    log: Path,
    environment: dict[str, str] | None = None,
    *,
    application: str = APPLICATION,
    options: tuple[str, ...] = (),
) -> LiveServer:
    """Start a server on that database and return when `/healthz` answers; `options` are uvicorn's."""
    last = ""
    for _ in range(3):
        server = _start(database_url, log, environment or {}, application, options)
        if answers(server):
            return server
        last = server.tail()
        if "address already in use" not in last:
            break
    raise AssertionError(f"the server did not start:\n{last}")


def _start(
    database_url: str, log: Path, environment: dict[str, str], application: str, more: tuple[str, ...]
) -> LiveServer:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", application, "--factory"]
    options = ["--host", "127.0.0.1", "--port", str(port), "--timeout-graceful-shutdown", "5", *more]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, *options],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": database_url, "DATA_DIR": str(log.parent / "files")} | environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    return LiveServer(f"http://127.0.0.1:{port}", process, log)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(server: LiveServer) -> bool:
    """Poll until it answers; False when the process ends before."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            return False
        try:
            with direct.open(f"{server.base_url}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as refused:
            # It listens; what it says is for the tests to judge. But "not yet" is not an answer.
            if refused.code != 503:
                return True
        except OSError:
            pass
        time.sleep(0.02)
    server.kill()
    return False
