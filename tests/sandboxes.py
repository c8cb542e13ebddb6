"""Municipal sandboxes as processes of their own: what our side meets over a real socket."""

import json
import secrets
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from app.exchange.municipal.wire.messages import Keys, read_response, write_request
from app.kernel import calendar
from tests.servers import LiveServer, answers, free_port

ROOT = Path(__file__).resolve().parent.parent
RUN = """
import json, sys
from pathlib import Path
from app.exchange.municipal.sandbox import city, serving
from app.exchange.municipal.wire.signatures import Keys
told = json.loads(sys.stdin.readline())
keys = Keys(**{k: bytes.fromhex(v) if k in ("shared", "city_key", "sealing") else v for k, v in told["keys"].items()})
settings = city.Settings(keys, Path(told["folder"]), check=told["check"], answer_to=told["answer_to"])
serving.run(settings, "127.0.0.1", told["port"])
"""


def fresh_keys(sealed: bool = False) -> Keys:
    """Keys of both sides."""
    return Keys("hmac-sm3", "test", secrets.token_bytes(32), sealing=secrets.token_bytes(16) if sealed else b"")


@dataclass
class Sandbox:
    """A sandbox on a loopback port; it can be killed and started again on the same port and folder.

    `control(down=0.5, seed=7)` sets what goes wrong, `control()` ends it.
    """

    keys: Keys
    folder: Path
    check: bool = True
    answer_to: str = ""
    port: int = field(default_factory=free_port)
    server: LiveServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Sandbox":
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "sandbox.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-c", RUN], cwd=ROOT, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT
            )
        keys = {name: getattr(self.keys, name) for name in ("suite", "key_id", "shared", "city_key", "sealing")}
        told = {
            "keys": {name: value.hex() if isinstance(value, bytes) else value for name, value in keys.items()},
            "folder": str(self.folder), "check": self.check, "answer_to": self.answer_to, "port": self.port,
        }  # fmt: skip
        assert process.stdin is not None
        with process.stdin as told_to:
            told_to.write(json.dumps(told).encode() + b"\n")
        self.server = LiveServer(self.url, process, log)
        assert answers(self.server), self.server.tail()
        return self

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        assert self.server is not None
        self.server.kill()

    def stop(self) -> None:
        if self.server is not None and self.server.process.poll() is None:
            self.server.process.send_signal(signal.SIGKILL)
            self.server.process.wait(timeout=30)

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """What a control route answers."""
        with httpx2.Client(trust_env=False, timeout=30) as client:
            answer = client.request(method, f"{self.url}{path}", **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def control(self, **faults: Any) -> Any:
        return self.ask("PUT", "/control", json=faults)

    def state(self) -> Any:
        return self.ask("GET", "/control")

    def forget(self, kind: str | None = None, *keys: str) -> int:
        found: int = self.ask("POST", "/control/forget", json={"kind": kind, "keys": keys})["forgotten"]
        return found

    def hold(self, *records: dict[str, Any]) -> None:
        self.ask("PUT", "/control/held", json=records)

    def journal(self) -> list[dict[str, Any]]:
        """All that ever came, in order."""
        found: list[dict[str, Any]] = []
        while more := self.ask("GET", "/control/journal", params={"after": found[-1]["id"] if found else 0}):
            found += more
        return found

    def send_receipts(self) -> Any:
        return self.ask("POST", "/control/receipts")

    def held(self) -> dict[tuple[str, str], dict[str, Any]]:
        """What it holds, tombstones among it, by kind and key; asked as the contract has it. Fails while it fails."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        after: str | None = ""
        with httpx2.Client(trust_env=False, timeout=30) as client:
            while after is not None:
                url = httpx2.URL(f"{self.url}/records", params={"after": after, "limit": "1000"})
                written = write_request(self.keys, "GET", url.raw_path.decode(), b"", calendar.now())
                answer = client.get(url, headers=written.headers)
                assert answer.status_code == 200, answer.text
                page = self.opened(written.nonce, answer)
                found |= {(item["kind"], item["key"]): item for item in page["items"]}
                after = page["next"]
        return found

    def opened(self, nonce: str, answer: httpx2.Response) -> Any:
        """A signed answer, checked."""
        return json.loads(
            read_response(
                self.keys, nonce, answer.status_code, answer.headers, answer.content, calendar.now(), 300
            ).body
        )
