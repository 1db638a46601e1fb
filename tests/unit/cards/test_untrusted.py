"""Text of the record as one harmless line."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.untrusted import MAX_TEXT, one_line, shortened, without_markup


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Prednisolon 5 mg", "Prednisolon 5 mg"),
        ("två\nrader\r\n\thär", "två rader här"),
        ("  runt  om  ", "runt om"),
        ("\u2028a\u2029b\x00c\x1bd", "a b c d"),
        ("abc\u202egnp.exe\u202c", "abcgnp.exe"),
        ("zero\u200bwidth\ufeff\u2066x\u2069", "zerowidthx"),
        ("\ud800lone", "lone"),
        ("a\u0308", "ä"),
        ("a\u0301\u0302\u0303\u0304\u0305b", "á\u0302\u0303b"),
        ("see https://evil.example/x", "see https:// evil.example/x"),
        ("www.evil.example", "www. evil.example"),
        ("mail me@evil.example", "mail me@ evil.example"),
        ("javascript:alert(1)", "javascript: alert(1)"),
        ("dose 2:1 at 08:00", "dose 2:1 at 08:00"),
        ("", ""),
    ],
)
def test_a_text_becomes_one_visible_line_without_links(sent: str, shown: str) -> None:
    assert one_line(sent) == shown


def test_a_long_text_is_cut_between_words_and_marked() -> None:
    assert shortened("one two three four", 12) == "one two…"
    assert shortened("abcdefghijklmnop", 8) == "abcdefg…"
    assert shortened("short", 5) == "short"
    assert shortened("one two, three", 10) == "one two…"


def test_notes_hold_no_sign_of_markdown_or_html() -> None:
    assert without_markup("**bold** <b>x</b> [a](b) `c` | # ~") == "bold b x /b a (b) c"


@given(st.text(max_size=2_000))
def test_whatever_is_sent_is_short_visible_and_on_one_line(sent: str) -> None:
    shown = one_line(sent)
    assert len(shown) <= MAX_TEXT
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert shown == shown.strip()
