"""Over HTTP, one worker each: our answer beside a FastAPI echo of the same body. Nothing is assessed aside.

python -m benchmarks.beside_echo [SIZE ...]
"""

import sys

from benchmarks.requests import request
from cds_service.cli.load import Served, side_by_side
from cds_service.cli.served import Server, service

ROUNDS = {"TINY": (20, 25), "S": (20, 25), "M": (20, 10), "L": (12, 3), "XL": (6, 1)}
OURS, ECHO = "answer", "echo"


def measured(size: str) -> dict[str, Served]:
    """Return what both take for a size."""
    rounds, each = ROUNDS[size]
    echo = Server((sys.executable, "-m", "benchmarks.echo", "{port}"), "/echo")
    return side_by_side({OURS: service(0), ECHO: echo}, request(size), rounds, each)


def main(sizes: list[str]) -> None:
    """Print one line per size; a ratio above 1 means that ours answers more requests in the same time."""
    for size in sizes or ("TINY", "S", "M", "L"):
        found = measured(size)
        ours, echo = found[OURS], found[ECHO]
        print(
            f"{size:5} answer {ours.waited:9.2f} ms ({ours.worked:8.2f} ms of processor)   "
            f"echo {echo.waited:9.2f} ms ({echo.worked:8.2f} ms)   "
            f"requests/s: {echo.waited / ours.waited:5.2f} times by the clock, {echo.worked / ours.worked:5.2f} by work"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
