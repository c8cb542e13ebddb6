"""Workers and servers by the dozen: everything is imported once, and each is a fork of it that may be killed.

For each line on standard input, `worker` or `server <port>`, one is started and its number told. All end with it.
"""

import os
import signal
import sys

import uvicorn

from app import worker
from app.config import Settings
from app.main import create_app


def bear(what: str, *more: str) -> int:
    """Start one; its process number."""
    number = os.fork()
    if number:
        return number
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        settings = Settings(_env_file=None)
        if what == "worker":
            worker.run(settings)
        else:
            uvicorn.run(create_app(settings), host="127.0.0.1", port=int(more[0]), log_level="error", access_log=False)
    finally:
        os._exit(0)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    born = []
    for line in sys.stdin:
        born.append(bear(*line.split()))
        sys.stdout.write(f"{born[-1]}\n")
        sys.stdout.flush()
    for number in born:
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main()
