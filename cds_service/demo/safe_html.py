"""Markdown from a card as HTML that is safe to show: cleaned twice, by the parser and by an allow-list."""

from typing import Final

import nh3
from markdown_it import MarkdownIt

LONGEST_MARKDOWN: Final = 100_000
TAGS: Final = {
    *("a", "blockquote", "br", "code", "del", "em", "hr", "li", "ol", "p", "pre", "s", "strong", "ul"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "tbody", "td", "th", "thead", "tr"),
}
_ATTRIBUTES: Final = {"a": {"href"}}
_PARSER: Final = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")


def safe_html(markdown: str) -> str:
    """Return ``markdown`` as HTML: raw HTML shown as text, no images, links only to https and without an opener.

    Text beyond ``LONGEST_MARKDOWN`` characters is cut off.
    """
    return nh3.clean(
        _PARSER.render(markdown[:LONGEST_MARKDOWN]),
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_only_https,
        url_schemes={"https"},
        link_rel="noopener noreferrer",
    )


def _only_https(_tag: str, attribute: str, value: str) -> str | None:
    """Keep addresses that lead out of the record safely, and what makes them safe; no other attribute at all."""
    return value if attribute == "rel" or (attribute == "href" and value.startswith("https://")) else None
