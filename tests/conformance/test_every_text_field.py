"""Markup in every text of a request, one field at a time, through the whole engine: nothing of it comes back alive."""

import asyncio
import copy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import structs

from cds_service.app.factory import build_engine
from cds_service.demo import hook_request
from cds_service.demo.steps import resources
from cds_service.errors import CallerError
from cds_service.hooks.engine import Engine
from cds_service.settings import Settings

from .cards_check import problems

TODAY = datetime.now(UTC).date()
ATTACK = "Oxo<script>alert(1)</script> ![x](https://evil.example/x.png) [y](javascript:alert(1)) **b** | a |\n# h"
ALIVE = re.compile(r"<script|<img|!\[x\]\(|\[y\]\(javascript|\*\*b\*\*")
# Requests of which some text is shown in the record's own words; of the others all is said in ours.
SHOWN = {"jonas", "order-sign"}
Json = dict[str, Any]
Path = tuple[str | int, ...]


def drafted(patient: str, hook: str) -> Json:
    request = hook_request(patient, TODAY)
    made = [one | {"subject": {"reference": f"Patient/{patient}"}} for one in resources("sv", TODAY)["order"].values()]
    entries = [{"resource": one | {"id": f"draft-{place}"}} for place, one in enumerate(made)]
    drafts = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return request | {"hook": hook, "context": request["context"] | {"draftOrders": drafts}}


REQUESTS = {
    "alva": hook_request("alva", TODAY),
    "jonas": hook_request("jonas", TODAY),
    "order-select": drafted("karin", "order-select"),
    "order-sign": drafted("grace", "order-sign"),
}


def texts(tree: Any, at: Path = ()) -> Iterator[Path]:
    """Yield the path of every string."""
    members = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, member in members:
        if isinstance(member, str):
            yield (*at, key)
        else:
            yield from texts(member, (*at, key))


def fields(request: Json) -> list[Path]:
    """Each field of each list once: the fifth of a kind is read like the first. Of a call with drafts, the context."""
    within = request["context"] if "draftOrders" in request["context"] else None
    kept: dict[tuple[str | int, ...], Path] = {}
    for path in texts(request):
        if within is None or path[0] == "context":
            kept.setdefault(tuple("*" if isinstance(step, int) else step for step in path), path)
    return list(kept.values())


def attacked(request: Json, path: Path) -> bytes:
    changed = copy.deepcopy(request)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = f"{place[path[-1]]} {ATTACK}"
    return json.dumps(changed).encode()


def told(card: Json) -> Iterator[str]:
    """Yield what is ours in a card; an update gives the client's own draft back, whatever is in it."""
    yield from (card["summary"], card["detail"])
    for suggestion in card.get("suggestions", []):
        yield suggestion["label"]
        for action in suggestion["actions"]:
            if action["type"] == "create":
                yield from (str(note["text"]) for note in action["resource"].get("note", []))
                yield from (str(reason.get("text")) for reason in action["resource"].get("reasonCode", []))


def answered(engine: Engine, body: bytes) -> tuple[str, list[Json]]:
    """Return the whole answer, or the words of the refusal, and the cards."""
    try:
        answer = asyncio.run(engine.answer(body))
    except CallerError as refusal:
        return str(refusal), []
    return answer.body.decode(), json.loads(answer.body)["cards"]


@pytest.mark.parametrize("text_format", ["markdown", "html"])
@pytest.mark.parametrize("name", REQUESTS)
def test_markup_in_any_text_of_a_request_stays_inert(name, text_format):
    engine = build_engine(Settings(language="sv"))
    engine = structs.replace(engine, options=structs.replace(engine.options, text_format=text_format))
    seen = 0
    for path in fields(REQUESTS[name]):
        said, cards = answered(engine, attacked(REQUESTS[name], path))
        assert cards or "Oxo" not in said, path
        assert problems(cards) == [], path
        assert [text for card in cards for text in told(card) if ALIVE.search(text)] == [], path
        seen += "Oxo" in said
    assert seen > 0 or name not in SHOWN, "no attack came back at all: the fields that are shown were not among them"
