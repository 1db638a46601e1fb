"""What CDS Hooks 2.0.1 and real clients ask of a card, as a list of complaints about an answer.

Used by the tests of every way in: ``assert problems(answer["cards"]) == []``.
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

REQUIRED = {"summary", "indicator", "source"}
OPTIONAL = {"uuid", "detail", "suggestions", "selectionBehavior", "overrideReasons", "links", "extension"}
INDICATORS = {"info", "warning", "critical"}
BEHAVIOURS = {"at-most-one", "any"}
TOPIC = re.compile(r"^[A-Za-z0-9]{1,100}$")
MARKDOWN_IMAGE_OR_TABLE = re.compile(r"!\[|^\|.*\|$", re.MULTILINE)


def problems(cards: list[dict[str, Any]]) -> list[str]:
    """Return what is wrong with the cards, each with its place; nothing when they conform."""
    found = [f"{place}: {complaint}" for i, card in enumerate(cards) for place, complaint in _card(card, f"cards[{i}]")]
    uuids = [identifier for card in cards for identifier in _uuids(card)]
    if len(uuids) != len(set(uuids)):
        found.append("cards: an uuid is used twice")
    return found


Complaint = tuple[str, str]


def _card(card: dict[str, Any], at: str) -> Iterator[Complaint]:
    yield from _members(card, at, REQUIRED, OPTIONAL)
    yield from _nothing_empty(card, at)
    yield from _uuid(card, at)
    summary = card.get("summary") or ""
    if len(summary) >= 140:
        yield at, f"summary has {len(summary)} characters, not under 140"
    if "\n" in summary:
        yield at, "summary is more than one line"
    if card.get("indicator") not in INDICATORS:
        yield at, f"indicator is {card.get('indicator')!r}"
    if MARKDOWN_IMAGE_OR_TABLE.search(card.get("detail") or ""):
        yield at, "detail holds an image or a table"
    yield from _source(card.get("source", {}), f"{at}.source")
    yield from _all_suggestions(card, at)
    for i, reason in enumerate(card.get("overrideReasons", [])):
        yield from _coding(reason, f"{at}.overrideReasons[{i}]")
    for i, link in enumerate(card.get("links", [])):
        yield from _link(link, f"{at}.links[{i}]")


def _members(found: dict[str, Any], at: str, required: set[str], optional: set[str]) -> Iterator[Complaint]:
    yield from ((at, f"{name} is missing") for name in sorted(required - found.keys()))
    yield from ((at, f"{name} is no member") for name in sorted(found.keys() - required - optional))


def _nothing_empty(value: Any, at: str) -> Iterator[Complaint]:
    if isinstance(value, dict) and value.get("type") == "update":
        # The client's own resource, given back whole, whatever it holds.
        value = {**value, "resource": bool(value.get("resource"))}
    if value is None or value in ("", [], {}):
        yield at, f"is {value!r}; members without a value are left out"
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from _nothing_empty(member, f"{at}.{name}")


def _uuid(found: dict[str, Any], at: str) -> Iterator[Complaint]:
    try:
        uuid.UUID(found.get("uuid", ""))
    except ValueError:
        yield at, "has no uuid, so that no feedback comes back"


def _uuids(card: dict[str, Any]) -> list[str]:
    return [holder["uuid"] for holder in (card, *card.get("suggestions", [])) if "uuid" in holder]


def _source(source: dict[str, Any], at: str) -> Iterator[Complaint]:
    yield from _members(source, at, {"label"}, {"url", "icon", "topic"})
    yield from _absolute(source.get("url"), f"{at}.url")
    if "topic" in source:
        yield from _coding(source["topic"], f"{at}.topic")
        if not TOPIC.match(source["topic"].get("code", "")):
            yield at, "topic code is not alphanumeric, or longer than 100 characters"


def _coding(coding: dict[str, Any], at: str) -> Iterator[Complaint]:
    yield from _members(coding, at, {"code", "system", "display"}, set())


def _link(link: dict[str, Any], at: str) -> Iterator[Complaint]:
    yield from _members(link, at, {"label", "url", "type"}, {"appContext", "autolaunchable"})
    if link.get("type") not in {"absolute", "smart"}:
        yield at, f"type is {link.get('type')!r}"
    if link.get("type") == "absolute" and "appContext" in link:
        yield at, "appContext is only for smart links"
    yield from _absolute(link.get("url"), f"{at}.url")


def _absolute(url: str | None, at: str) -> Iterator[Complaint]:
    if url is not None and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).netloc):
        yield at, "is no absolute URL"


def _all_suggestions(card: dict[str, Any], at: str) -> Iterator[Complaint]:
    offered = card.get("suggestions", [])
    if offered and card.get("selectionBehavior") not in BEHAVIOURS:
        yield at, "suggestions need a selectionBehavior"
    for i, suggestion in enumerate(offered):
        yield from _suggestion(suggestion, f"{at}.suggestions[{i}]")


def _suggestion(suggestion: dict[str, Any], at: str) -> Iterator[Complaint]:
    yield from _members(suggestion, at, {"label"}, {"uuid", "isRecommended", "actions", "actionSelectionBehavior"})
    yield from _uuid(suggestion, at)
    actions = suggestion.get("actions", [])
    if len(actions) != 1:
        yield at, f"has {len(actions)} actions; clients that show one would drop the rest"
    for i, action in enumerate(actions):
        yield from _action(action, suggestion.get("label"), f"{at}.actions[{i}]")


def _action(action: dict[str, Any], label: str | None, at: str) -> Iterator[Complaint]:
    yield from _members(action, at, {"type", "description"}, {"resource", "resourceId"})
    if action.get("type") not in {"create", "update", "delete"}:
        yield at, f"type is {action.get('type')!r}"
    if action.get("type") in {"create", "update"} and not action.get("resource", {}).get("resourceType"):
        yield at, f"{action['type']} needs a resource"
    if action.get("type") == "create" and "id" in action.get("resource", {}):
        yield at, "a resource to create has no id"
    if action.get("type") == "delete" and "resourceId" not in action:
        yield at, "delete needs a resourceId"
    if action.get("description") != label:
        yield at, "label and description differ; clients show one or the other"
