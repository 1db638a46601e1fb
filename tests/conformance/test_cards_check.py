"""The checker of cards complains about each fault that it is there for."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.cards_check import problems

GOOD: dict[str, Any] = {
    "uuid": "00000000-0000-4000-8000-000000000001",
    "summary": "s" * 139,
    "detail": "**a**\n\n- b | c",
    "indicator": "info",
    "source": {
        "label": "l",
        "url": "https://x.example/rules",
        "topic": {"system": "urn:x", "code": "dxa", "display": "DXA"},
    },
    "suggestions": [
        {
            "uuid": "00000000-0000-4000-8000-000000000002",
            "label": "Order",
            "actions": [{"type": "create", "description": "Order", "resource": {"resourceType": "ServiceRequest"}}],
        }
    ],
    "selectionBehavior": "any",
    "overrideReasons": [{"system": "urn:x", "code": "other", "display": "Other"}],
    "links": [{"label": "l", "url": "https://x.example", "type": "absolute"}],
}
Change = Callable[[dict[str, Any]], object]


def test_a_conforming_card_gives_no_complaint() -> None:
    assert problems([GOOD]) == []
    assert problems([]) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda card: card.pop("summary"), "summary is missing"),
        (lambda card: card.update(summary="s" * 140), "140 characters"),
        (lambda card: card.update(summary="a\nb"), "more than one line"),
        (lambda card: card.update(surprise=1), "surprise is no member"),
        (lambda card: card.update(detail=None), "is None"),
        (lambda card: card.update(links=[]), "is []"),
        (lambda card: card["source"].update(label=""), "is ''"),
        (lambda card: card.update(indicator="urgent"), "indicator is 'urgent'"),
        (lambda card: card.update(detail="![x](y)"), "image or a table"),
        (lambda card: card.update(detail="| a |"), "image or a table"),
        (lambda card: card["source"].pop("label"), "label is missing"),
        (lambda card: card["source"].update(url="rules"), "no absolute URL"),
        (lambda card: card["source"]["topic"].update(code="a-b"), "not alphanumeric"),
        (lambda card: card.pop("selectionBehavior"), "selectionBehavior"),
        (lambda card: card.pop("uuid"), "no uuid"),
        (lambda card: card["suggestions"][0].pop("uuid"), "no uuid"),
        (lambda card: card["suggestions"][0].update(uuid=card["uuid"]), "used twice"),
        (lambda card: card["suggestions"][0].pop("label"), "label is missing"),
        (lambda card: card["suggestions"][0]["actions"].clear(), "0 actions"),
        (lambda card: card["suggestions"][0].update(label="Other words"), "label and description differ"),
        (lambda card: action(card).pop("description"), "description is missing"),
        (lambda card: action(card).update(type="replace"), "type is 'replace'"),
        (lambda card: action(card).pop("resource"), "needs a resource"),
        (lambda card: action(card)["resource"].update(id="1"), "has no id"),
        (lambda card: action(card).update(type="delete"), "needs a resourceId"),
        (lambda card: card["overrideReasons"][0].pop("display"), "display is missing"),
        (lambda card: card["links"][0].update(type="local"), "type is 'local'"),
        (lambda card: card["links"][0].update(url="/rules"), "no absolute URL"),
        (lambda card: card["links"][0].update(appContext="x"), "only for smart links"),
    ],
)
def test_a_fault_is_named(change: Change, complaint: str) -> None:
    card = copy.deepcopy(GOOD)
    change(card)
    assert any(complaint in problem for problem in problems([card])), problems([card])


def action(card: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = card["suggestions"][0]["actions"][0]
    return found
