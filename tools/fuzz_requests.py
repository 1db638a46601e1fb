"""Send mutated requests to the service and check every answer: never a 5xx, a hang, a growing process, a bad card.

Run ``python -m tools.fuzz_requests --count 100000 --seed 1`` from the repository's root; name request files to mutate
those as well as ours (``tools.fuzz_seeds``). Request number ``i`` of a seed is always the same on one day, so a fault
is repeated with ``--seed S --first i --count 1``. Prints a summary; ends with 1 and writes the body when a check fails.
"""

import argparse
import asyncio
import json
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from math import inf
from pathlib import Path
from random import Random
from typing import Any, Final

from fastapi import FastAPI

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.conformance.cards_check import problems
from tools.fuzz_seeds import seed_requests

Json = dict[str, Any]
Path_ = tuple[str | int, ...]

SERVICE: Final = "/cds-services/limb-deficiency-bone-health"
REFUSALS: Final = frozenset({400, 412, 413})
SLOWEST_ALLOWED: Final = 10.0
# Large charts are slow to mutate and say little more, so each is drawn this much more seldom than a small one.
LARGE: Final = 50_000
SELDOM: Final = 40
MAX_CHANGES: Final = 6
# Depth to which a place counts as near the top of a resource; one request in so many is damaged in its bytes.
SHALLOW: Final = 6
ONE_IN_BYTES: Final = 10
SLICE: Final = 200
LINE: Final = 400
OK: Final = 200
SAMPLE_EVERY: Final = 1_000
MEGABYTE: Final = 1024

# Values that senders have been seen to write where something else belongs, and values that break careless code.
ODD: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1e308, -1e-308, 2**63, 2**200, 3.5, "", " ", "0", "-1", "NaN", "62,5", "1e9999", [], {},
    [None], [[]], [{}], {"": None}, {"coding": None}, {"reference": 5}, {"value": "many"}, "1899-12-31", "0000-00-00",
    "2024-02-30", "2024", "2024-13", "9999-12-31T23:59:60Z", "2024-01-01T00:00:00+99:99", "1/2/24", "in 1999",
    "🦴" * 50,
    "\u0000\u202e\u0085", "<script>alert(1)</script>", "[x](javascript:alert(1)) ![y](z) | a | b |", "a" * 5_000,
    "urn:uuid:", "Patient/", "#", "http://[::1", "Patient/" + "9" * 194, "../../etc/passwd", "unknown",
    "entered-in-error",
)  # fmt: skip
ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
MEMBERS: Final[tuple[tuple[str, Any], ...]] = (
    ("extension", [{"url": "http://example.org/x", "extension": [{"url": "y", "valueBoolean": True}]}]),
    ("modifierExtension", [{"url": "http://example.org/not", "valueBoolean": True}]),
    ("_birthDate", {"extension": [{"url": ABSENT, "valueCode": "masked"}]}),
    ("_status", {"extension": [{"url": "x"}]}),
    ("contained", [{"resourceType": "Medication", "id": "m"}, {"resourceType": "Patient"}, {}]),
    ("implicitRules", "http://example.org/rules"),
    ("dataAbsentReason", {"coding": [{"code": "unknown"}]}),
    ("subject", {"reference": "Patient/somebody-else"}),
    ("subject", {"reference": "https://ehr.example/fhir/Patient/alva/_history/2"}),
    ("id", "e" * 194),
    ("meta", {"versionId": "7", "lastUpdated": "never", "security": [{"code": "R"}]}),
)  # fmt: skip
# The same thing as other versions spell it.
RENAMED: Final = {
    "medicationCodeableConcept": "medication", "performedDateTime": "occurrenceDateTime", "reasonCode": "reason",
    "encounter": "context", "recordedDate": "assertedDate", "ServiceRequest": "ProcedureRequest", "doseAndRate": "dose",
    "MedicationStatement": "MedicationUsage", "asNeededBoolean": "asNeeded", "conclusionCode": "codedDiagnosis",
}  # fmt: skip
OUTCOMES: Final = ("exception", "forbidden", "not-found", "informational", "throttled")


# ---------------------------------------------------------------- the grammar of faults


def places(tree: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Yield the path of everything in a JSON value."""
    members = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, member in members:
        yield (*at, key)
        yield from places(member, (*at, key))


def _parent(tree: Any, path: Path_) -> Any:
    for step in path[:-1]:
        tree = tree[step]
    return tree


def _put_odd(tree: Json, path: Path_, random: Random) -> None:
    _parent(tree, path)[path[-1]] = deepcopy(random.choice(ODD))


def _delete(tree: Json, path: Path_, _random: Random) -> None:
    del _parent(tree, path)[path[-1]]


def _wrap(tree: Json, path: Path_, _random: Random) -> None:
    parent = _parent(tree, path)
    value = parent[path[-1]]
    parent[path[-1]] = value[0] if isinstance(value, list) and value else [value]


def _repeat(tree: Json, path: Path_, random: Random) -> None:
    parent = _parent(tree, path)
    if isinstance(parent, list):
        parent.extend(deepcopy(parent[int(path[-1])]) for _ in range(random.choice((1, 2, 40))))


def _null_gap(tree: Json, path: Path_, _random: Random) -> None:
    parent = _parent(tree, path)
    if isinstance(parent, list):
        parent.insert(int(path[-1]), None)


def _move(tree: Json, path: Path_, random: Random) -> None:
    other = random.choice(list(places(tree)))
    _parent(tree, path)[path[-1]] = deepcopy(_parent(tree, other)[other[-1]])


def _add_member(tree: Json, path: Path_, random: Random) -> None:
    value = _parent(tree, path)[path[-1]]
    if isinstance(value, dict):
        name, added = random.choice(MEMBERS)
        value[name] = deepcopy(added)


def _rename(tree: Json, path: Path_, _random: Random) -> None:
    parent, name = _parent(tree, path), path[-1]
    if not isinstance(name, str):
        return
    value = parent.pop(name)
    if isinstance(value, str) and value in RENAMED:
        parent[name] = RENAMED[value]
    else:
        parent[RENAMED.get(name, f"_{name}")] = value


def _prefetch_state(tree: Json, _path: Path_, random: Random) -> None:
    prefetch = tree.get("prefetch")
    if not isinstance(prefetch, dict) or not prefetch:
        return
    key = random.choice(sorted(prefetch))
    value = prefetch.pop(key)
    issue = {"severity": random.choice(("error", "warning", "fatal")), "code": random.choice(OUTCOMES)}
    prefetch[random.choice((key, "item1", "problems"))] = random.choice(
        (None, value, [value, deepcopy(value)], {"resourceType": "Bundle", "entry": [{"resource": value}], "total": 9},
         {"resourceType": "OperationOutcome", "issue": [issue]}, {"resourceType": "Bundle", "type": "searchset"})
    )  # fmt: skip


CHANGES: Final[tuple[Callable[[Json, Path_, Random], None], ...]] = (
    _put_odd, _put_odd, _put_odd, _delete, _wrap, _repeat, _null_gap, _move, _add_member, _add_member, _rename,
    _prefetch_state,
)  # fmt: skip


def mutated(request: bytes, random: Random) -> bytes:
    """Return ``request`` with a few faults in its tree; now and then also in its bytes."""
    tree = json.loads(request)
    for _ in range(random.randint(0, MAX_CHANGES)):
        found = list(places(tree))
        if not found:
            break
        # Half of the faults hit resources where they hurt most: near their top.
        shallow = [path for path in found if len(path) <= SHALLOW]
        path = random.choice(random.choice((shallow, found)))
        with suppress(TypeError, KeyError, IndexError):
            # A change may not fit the place that an earlier one left behind.
            random.choice(CHANGES)(tree, path, random)
    body = json.dumps(tree, ensure_ascii=random.choice((True, False))).encode("utf-8", "surrogatepass")
    return _in_bytes(body, random) if random.randrange(ONE_IN_BYTES) == 0 else body


def _in_bytes(body: bytes, random: Random) -> bytes:
    at = random.randrange(len(body) + 1)
    deep = random.choice((50, 500, 50_000))
    return random.choice(
        (
            body[:at],
            body[:at] + bytes([random.randrange(256)]) + body[at + 1 :],
            body[:at] + body[at : at + SLICE] + body[at:],
            body.replace(b'"resourceType"', b'"resource\\u0054ype"', 1),
            body.replace(b"null", b"[" * deep + b"]" * deep, 1) + b" ",
            body.replace(b'"entry"', b'"x":"\\ud800","entry"', 1),
            b"\xef\xbb\xbf \n" + body,
            body.replace(b"{", b'{"extension":' * deep + b"0" + b"}" * deep + b',"a":{', 1) if at % 2 else body + body,
        )
    )


# ---------------------------------------------------------------- the checks


def complaints(status: int, body: bytes) -> list[str]:
    """Return what is wrong with an answer; nothing when it is cards, or a refusal in the shape of FHIR."""
    answer = json.loads(body)
    if status == OK:
        return problems(answer["cards"])
    if status not in REFUSALS:
        return [f"status {status}"]
    issues = answer.get("issue") if answer.get("resourceType") == "OperationOutcome" else None
    shaped = issues and all({"severity", "code", "diagnostics"} <= issue.keys() for issue in issues)
    return [] if shaped else [f"status {status} without an OperationOutcome"]


async def post(app: FastAPI, body: bytes) -> tuple[int, bytes]:
    """Return status and body of the answer to ``body``, sent straight to the application."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": SERVICE, "raw_path": SERVICE.encode(), "root_path": "", "query_string": b"", "client": None,
        "server": ("fuzz", 80), "headers": [(b"content-type", b"application/json")],
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Json:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def _hang(_signal: int, _frame: object) -> None:
    raise TimeoutError(f"no answer after {SLOWEST_ALLOWED:g} s")


class Run:
    """One run: what was answered, how fast, and how large the process became."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.slowest = 0.0
        self.memory: list[int] = []

    async def one(self, app: FastAPI, body: bytes) -> list[str]:
        """Send one request; return the complaints about its answer."""
        started = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, SLOWEST_ALLOWED)
        try:
            status, answer = await post(app, body)
            found = complaints(status, answer)
        except Exception as error:  # noqa: BLE001 - whatever escapes is what we are looking for
            return [f"{type(error).__name__}: {error}"]
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self.statuses[status] += 1
        self.slowest = max(self.slowest, time.perf_counter() - started)
        return found

    def sample(self) -> None:
        """Remember how large the process is now, in kilobytes."""
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        self.memory.append(pages * resource.getpagesize() // 1024)


def request_of(seeds: Sequence[bytes], seed: int, number: int) -> bytes:
    """Return request ``number`` of ``seed``."""
    random = Random(f"{seed}:{number}")  # noqa: S311 - faults to repeat, not secrets
    small = [one for one in seeds if len(one) < LARGE]
    drawn = random.choice(seeds if random.randrange(SELDOM) == 0 or not small else small)
    return mutated(drawn, random)


Report = Callable[[int, list[str], bytes], None]


async def fuzz(seeds: Sequence[bytes], seed: int, numbers: range, report: Report, seconds: float = inf) -> Run:
    """Send the requests ``numbers`` of ``seed``, as many as ``seconds`` allow; tell ``report`` of every complaint."""
    run = Run()
    ends = time.perf_counter() + seconds
    signal.signal(signal.SIGALRM, _hang)
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(database_url=f"sqlite:///{folder}/fuzz.db", allow_open=True))
        async with app.router.lifespan_context(app):
            for place, number in enumerate(numbers):
                if time.perf_counter() > ends:
                    break
                body = request_of(seeds, seed, number)
                found = await run.one(app, body)
                if found:
                    report(number, found, body)
                if place % SAMPLE_EVERY == 0:
                    run.sample()
            run.sample()
    return run


def say(line: str) -> None:
    """Tell whoever runs this."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="further requests to mutate")
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=inf, help="stop after this long")
    parser.add_argument("--faults", type=Path, default=Path("fuzz-faults"), help="folder for bodies that failed")
    given = parser.parse_args()
    failed: list[int] = []

    def report(number: int, found: list[str], body: bytes) -> None:
        failed.append(number)
        given.faults.mkdir(exist_ok=True)
        (given.faults / f"{given.seed}-{number}.json").write_bytes(body)
        say(f"request {number}: {'; '.join(found)[:LINE]}")

    started = time.perf_counter()
    numbers = range(given.first, given.first + given.count)
    run = asyncio.run(fuzz(seed_requests(given.files), given.seed, numbers, report, given.seconds))
    seconds = time.perf_counter() - started
    sent = sum(run.statuses.values())
    say(f"seed {given.seed}, from request {given.first}: {sent} sent, {len(failed)} failed, {seconds:.0f} s")
    say(f"answers by status: {dict(sorted(run.statuses.items()))}; slowest {run.slowest:.3f} s")
    say(f"memory in MB: {[size // MEGABYTE for size in run.memory]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
