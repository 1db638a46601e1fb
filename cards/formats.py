"""One text in three formats: plain, markdown (GFM) and HTML. Everything in it is escaped; only the frame is ours."""

import html
import re
from typing import Final, Literal

import msgspec

TextFormat = Literal["plain", "markdown", "html"]
FORMATS: Final[tuple[TextFormat, ...]] = ("plain", "markdown", "html")

_MARKDOWN_SPECIAL: Final = re.compile(r"([\\`*_\[\]|~#])")
# What would start a list, a heading line or a quotation at the beginning of a line.
_MARKDOWN_BULLET: Final = re.compile(r"^([-+=])")
_MARKDOWN_COUNT: Final = re.compile(r"^(\d{1,9})([.)])")


# A client may read as markdown or HTML what it was promised as plain text, and as markdown what is HTML.
_PLAIN_INERT: Final = str.maketrans({"<": "\u2039", ">": "\u203a", "[": "(", "]": ")", "`": "'"})
_HTML_INERT: Final = str.maketrans({"[": "&#91;", "]": "&#93;", "`": "&#96;"})


class Paragraph(msgspec.Struct, frozen=True):
    """One line of prose."""

    text: str


class Section(msgspec.Struct, frozen=True):
    """A label and its items, one short line each."""

    label: str
    items: tuple[str, ...]


Block = Paragraph | Section


def rendered(blocks: tuple[Block, ...], text_format: TextFormat) -> str:
    """Return ``blocks`` as text in ``text_format``; a section without items is left out."""
    shown = [block for block in blocks if isinstance(block, Paragraph) or block.items]
    if text_format == "html":
        return "".join(_html(block) for block in shown)
    render = _markdown if text_format == "markdown" else _plain
    return "\n\n".join(render(block) for block in shown)


def markdown_escaped(text: str) -> str:
    """Return one line of text that GFM shows as it is; HTML signs become entities, for clients that let HTML in."""
    escaped = _MARKDOWN_SPECIAL.sub(r"\\\1", html.escape(text, quote=False))
    return _MARKDOWN_COUNT.sub(r"\1\\\2", _MARKDOWN_BULLET.sub(r"\\\1", escaped))


def _plain(block: Block) -> str:
    if isinstance(block, Paragraph):
        return block.text.translate(_PLAIN_INERT)
    return "\n".join([f"{block.label}:", *(f"- {item}" for item in block.items)]).translate(_PLAIN_INERT)


def _markdown(block: Block) -> str:
    if isinstance(block, Paragraph):
        return markdown_escaped(block.text)
    items = "\n".join(f"- {markdown_escaped(item)}" for item in block.items)
    return f"**{markdown_escaped(block.label)}**\n\n{items}"


def _html(block: Block) -> str:
    if isinstance(block, Paragraph):
        return f"<p>{_html_escaped(block.text)}</p>"
    items = "".join(f"<li>{_html_escaped(item)}</li>" for item in block.items)
    return f"<p><strong>{_html_escaped(block.label)}</strong></p><ul>{items}</ul>"


def _html_escaped(text: str) -> str:
    return html.escape(text).translate(_HTML_INERT)
