"""Where things stand on the page and in the store."""

import json
import re


def cards(page):
    return page.get_by_role("article")


def card_of(page, words):
    return cards(page).filter(has=page.get_by_role("heading", name=re.compile(words)))


def feedback_of(server, card):
    return [row for row in server.store.feedback() if row["card"] == card]


def shown_uuid(page, place):
    return json.loads(page.locator("#response-json").text_content())["cards"][place]["uuid"]
