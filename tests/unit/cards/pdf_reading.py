"""What a PDF file says of itself, read back with another library than the one that wrote it."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any, cast

from pypdf import PdfReader

A4_POINTS = (595.276, 841.89)


def reader(data: bytes) -> PdfReader:
    return PdfReader(BytesIO(data))


def text(data: bytes) -> str:
    """The text of all pages, one space between words."""
    return " ".join(" ".join(page.extract_text() for page in reader(data).pages).split())


def catalogue(data: bytes) -> Any:
    return reader(data).trailer["/Root"]


def claims(data: bytes) -> str:
    """The XMP packet, which names the standards that the file claims to keep."""
    return catalogue(data)["/Metadata"].get_data().decode("utf-8")


def roles(data: bytes) -> list[str]:
    """The structure types in reading order."""
    return list(_roles(catalogue(data)["/StructTreeRoot"]))


def _roles(node: Any) -> Iterator[str]:
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for child in node:
            yield from _roles(child)
    elif isinstance(node, dict):
        if "/S" in node:
            yield str(node["/S"])
        if "/K" in node:
            yield from _roles(node["/K"])


def fonts(data: bytes) -> dict[str, bool]:
    """Font name without its subset mark -> whether the font is embedded."""
    found = {}
    for page in cast(list[Any], reader(data).pages):
        for font in page["/Resources"]["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = inner["/FontDescriptor"].get_object()
            name = str(inner["/BaseFont"]).lstrip("/").partition("+")[2]
            found[name] = any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))
    return found


def problems(data: bytes, title: str, language: str) -> list[str]:
    """What keeps the file from being an accessible A4 sheet with text; empty when nothing does."""
    root, pages = catalogue(data), reader(data).pages
    actions = {"/OpenAction", "/AA", "/AcroForm"} & set(root) | {"/JavaScript", "/EmbeddedFiles"} & set(
        root.get("/Names", {})
    )
    wanted = {
        "tagged": bool(root["/MarkInfo"]["/Marked"]) and "/StructTreeRoot" in root,
        "language": root["/Lang"] == language,
        "title": reader(data).metadata.title == title,  # type: ignore[union-attr]  # a file without metadata fails all the same
        "title shown": bool(root["/ViewerPreferences"]["/DisplayDocTitle"]),
        "embedded fonts": all(fonts(data).values()),
        "our fonts": all(name.startswith("SourceSansPro") for name in fonts(data)),
        "A4": all(
            abs(float(side) - a4) < 0.01
            for page in pages
            for side, a4 in zip(page.mediabox[2:], A4_POINTS, strict=True)
        ),
        "headings": "/H1" in roles(data),
        "lists": {"/L", "/LI", "/LBody"} <= set(roles(data)),
        "no links": not any("/Annots" in page for page in pages),
        "no actions": not actions,
        "PDF/UA-1": "<pdfuaid:part>1<" in claims(data),
        "PDF/A-2a": "<pdfaid:part>2<" in claims(data) and "<pdfaid:conformance>A<" in claims(data),
        "no author": reader(data).metadata.author is None,  # type: ignore[union-attr]  # as above
    }
    return [name for name, holds in wanted.items() if not holds]
