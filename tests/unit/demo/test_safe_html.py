"""Whatever a card's markdown holds, the page shows text, lists and https links, and runs nothing."""

import re

import pytest

from cds_service.demo.safe_html import LONGEST_MARKDOWN, TAGS, safe_html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://example.org/tracker.png)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&#58;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](http://example.org)",
    "[x](//example.org)",
    "[x](/cds-services)",
    "[x](mailto:a@example.org)",
    "<javascript:alert(1)>",
    '<https://example.org/"onmouseover=alert(1)>',
    "[x](https://example.org 'a\" onclick=\"alert(1)')",
    "[x]: javascript:alert(1)\n\n[x]",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "**<b onclick=alert(1)>x</b>**",
    "`<style>*{display:none}</style>`",
    "<!-- --><math><mi xlink:href='javascript:alert(1)'>x",
    "```html\n<form action=https://example.org><input>\n```",
]
ALLOWED_TAG = re.compile(
    r"</?(?:"
    + "|".join(sorted(TAGS, key=len, reverse=True))
    + r')(?: href="https://[^"<>]*")?(?: rel="noopener noreferrer")?>'
)


@pytest.mark.parametrize("markdown", HOSTILE)
def test_nothing_but_allowed_tags_is_left(markdown):
    html = safe_html(markdown)
    rest = ALLOWED_TAG.sub("", html)
    assert "<" not in rest
    assert ">" not in rest.replace("&gt;", "")


@pytest.mark.parametrize("markdown", [text for text in HOSTILE if "https:" not in text])
def test_no_other_address_than_https_survives(markdown):
    assert not re.search(r"<[^>]+href", safe_html(markdown))


def test_raw_html_is_shown_as_the_text_it_is():
    assert safe_html("<b>fett</b>") == "<p>&lt;b&gt;fett&lt;/b&gt;</p>\n"


def test_what_cards_use_is_kept():
    html = safe_html("Why.\n\n**Seen**\n\n- one\n- two\n\n[FRAX](https://frax.shef.ac.uk/FRAX/)")
    assert "<strong>Seen</strong>" in html
    assert "<ul>\n<li>one</li>\n<li>two</li>\n</ul>" in html
    assert '<a href="https://frax.shef.ac.uk/FRAX/" rel="noopener noreferrer">FRAX</a>' in html


def test_github_tables_and_strikethrough_are_understood():
    html = safe_html("| a | b |\n|---|---|\n| ~~1~~ | 2 |")
    assert "<table>" in html
    assert "<s>1</s>" in html


def test_an_endless_text_is_cut():
    assert len(safe_html("a" * (3 * LONGEST_MARKDOWN))) < LONGEST_MARKDOWN + 100


def test_deep_nesting_ends():
    assert "<" not in ALLOWED_TAG.sub("", safe_html(">" * 5_000 + "[" * 5_000 + "*" * 5_000))
