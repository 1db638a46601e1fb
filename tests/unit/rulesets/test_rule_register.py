"""The rule register and the pages it leans on: current, whole, and every reference leads somewhere."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

from cds_service.risk.decisions.decide import CARDS
from cds_service.risk.gates.eligibility import GATES
from cds_service.rulesets.load import default_text, load_default

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
TABLES = {path.stem for path in (ROOT / "cds_service" / "terminology" / "tables").glob("*.tsv")}
# Words of risk/ that happen to be names of tables: families of unknowns, effects of gates.
WORDS = {"route", "falls", "malabsorption", "menopause", "smoking", "frax-result"}


def load_tool():
    spec = importlib.util.spec_from_file_location("build_rule_register", ROOT / "tools" / "build_rule_register.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = load_tool()
RULES = load_default()
# R-ORAI is shown with the tools and never found; K7 is folded into other cards. The rest wait for a worked patient:
# this list may only get shorter.
WITHOUT_A_PATIENT = {"R-ORAI", "K7", "R-DRUG", "R-MAL", "R-WL"}


def test_the_register_is_current():
    page = (DOCS / "rule-register.md").read_text("utf-8")
    assert page == TOOL.register(), "run: python tools/build_rule_register.py"


@pytest.mark.parametrize("slug", TOOL.SHEET_LINES)
def test_every_line_of_the_sheet_has_a_rule(slug):
    assert [factor.id for factor in RULES.factors.values() if factor.sheet == slug and factor.enabled]


def test_no_rule_names_a_line_that_the_sheet_does_not_have():
    assert {factor.sheet for factor in RULES.factors.values()} <= {"", *TOOL.SHEET_LINES}


def test_every_rule_gate_and_card_is_registered():
    assert set(TOOL.CONCEPTS) == set(RULES.factors)
    assert tuple(TOOL.GATES) == GATES
    assert set(TOOL.CARDS) == set(CARDS)


def test_every_concept_that_the_engine_asks_for_is_registered():
    asked = set()
    for path in (ROOT / "cds_service" / "risk").rglob("*.py"):
        strings = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant))
        asked |= {node.value for node in strings if isinstance(node.value, str) and node.value in TABLES}
    registered = {concept for concepts in TOOL.CONCEPTS.values() for concept in concepts}
    registered |= {concept for _, _, concepts in TOOL.GATES.values() for concept in concepts}
    assert asked - registered - WORDS == set()
    assert registered <= TABLES


def test_every_rule_and_gate_is_proved_by_a_worked_patient_that_it_fires_in():
    proofs = TOOL.Proofs()
    unproved = {what for what in (*RULES.factors, *GATES, *CARDS) if what not in proofs.fires}
    assert unproved <= WITHOUT_A_PATIENT


def references(text):
    return set(re.findall(r"\[(\d+[a-d]?)\]", text))


def listed_references():
    page = (DOCS / "evidence-references.md").read_text("utf-8")
    return set(re.findall(r"^\| \[(\d+[a-d]?)\] \|", page, flags=re.MULTILINE))


@pytest.mark.parametrize("page", ["rule-register.md", "clinical-decisions.md"])
def test_every_reference_of_a_page_is_listed(page):
    assert references((DOCS / page).read_text("utf-8")) - listed_references() == set()


def test_every_reference_of_the_rule_set_and_the_engine_is_listed():
    texts = [default_text(), *(path.read_text("utf-8") for path in (ROOT / "cds_service" / "risk").rglob("*.py"))]
    assert {number for text in texts for number in references(text) if number not in {"0", "1"}} <= listed_references()


def test_references_say_how_sure_they_are():
    rows = re.findall(
        r"^\| \[\d+[a-d]?\] \| (.+) \| (\S+) \|$", (DOCS / "evidence-references.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(rows) == len(listed_references())
    assert {mark for _, mark in rows} <= {"A", "B", "C", "A/B"}


def test_every_decision_is_recorded_with_its_setting():
    page = (DOCS / "clinical-decisions.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| (D\d+) \| .+ \| (.+?) \| .+ \|$", page, flags=re.MULTILINE))
    assert list(rows) == [f"D{number}" for number in range(1, 22)]
    named = {name for setting in rows.values() for name in re.findall(r"`([\w.\"-]+)`", setting)}
    assert {name for name in named if not known(name)} == set()


def known(setting):
    """Whether the rule set holds a setting of this name."""
    parts = setting.replace('"', "").split(".")
    if parts[0] == "factors":
        factor = RULES.factors.get(parts[1])
        return factor is not None and (parts[2:3] != ["thresholds"] or parts[3] in factor.thresholds)
    if parts[0] in {"profiles", "weights", "limbs"}:
        where = {"profiles": TOOL.PROFILES, "weights": RULES.weight_points, "limbs": RULES.limb_weights}
        return parts[1] in where[parts[0]]
    return setting in RULES.settings or setting in RULES.choices


def test_decisions_named_by_the_rule_set_exist():
    page = (DOCS / "clinical-decisions.md").read_text("utf-8")
    assert set(re.findall(r"\bD\d+\b", default_text())) <= set(re.findall(r"^\| (D\d+) \|", page, flags=re.MULTILINE))
