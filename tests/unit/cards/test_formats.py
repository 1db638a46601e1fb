"""One text in three formats: the same words, and nothing but our own frame."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cards.formats import FORMATS, Paragraph, Section, TextFormat, markdown_escaped, rendered
from cards.untrusted import one_line

# As forgiving as the most forgiving client: raw HTML, tables, strike-through.
GFM = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = {"p", "ul", "li", "strong"}

BLOCKS = (Paragraph("First line."), Section("Seen", ("a < b & c", "1. *d*")), Section("Nothing", ()))


@pytest.mark.parametrize(
    ("text_format", "text"),
    [
        ("plain", "First line.\n\nSeen:\n- a ‹ b & c\n- 1. *d*"),
        ("markdown", "First line.\n\n**Seen**\n\n- a &lt; b &amp; c\n- 1\\. \\*d\\*"),
        ("html", "<p>First line.</p><p><strong>Seen</strong></p><ul><li>a &lt; b &amp; c</li><li>1. *d*</li></ul>"),
    ],
)
def test_blocks_are_written_in_a_format(text_format: TextFormat, text: str) -> None:
    assert rendered(BLOCKS, text_format) == text


def test_a_section_with_nothing_in_it_is_left_out_everywhere() -> None:
    assert all("Nothing" not in rendered(BLOCKS, text_format) for text_format in FORMATS)


@pytest.mark.parametrize(
    "line", ["- a", "+ a", "= a", "1. a", "12) a", "# a", "> a", "| a |", "~~a~~", "`a`", "[a](b)", "<b>"]
)
def test_no_line_is_anything_but_text_to_a_markdown_reader(line: str) -> None:
    assert GFM.render(markdown_escaped(line)) == f"<p>{html.escape(line)}</p>\n"


@given(st.text(max_size=200))
def test_markdown_shows_any_text_of_the_record_as_it_is(sent: str) -> None:
    line = one_line(sent)
    tokens = [token for token in GFM.parse(markdown_escaped(line)) if token.type == "inline"]
    shown = "".join(child.content for token in tokens for child in token.children or ())
    assert shown == line
    assert all(child.type in {"text", "text_special"} for token in tokens for child in token.children or ())
