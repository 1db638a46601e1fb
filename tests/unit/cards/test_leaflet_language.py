"""Plain language, measured: LIX for Swedish, Flesch reading ease for English, and the length of sentences.

LIX (C. H. Björnsson 1968): words per sentence + share of words over six letters in percent; below 30 very easy, 30-40
easy. Flesch (1948): 206.835 - 1.015 words per sentence - 84.6 syllables per word; 70-80 fairly easy. Syllables are
counted as groups of vowels, which is coarse.
"""

import re

import pytest

from cards.leaflet import leaflet
from tests.unit.cards.letter_cases import DEMO, demo
from tests.unit.cards.test_leaflet import LEAFLETS

HIGHEST_LIX = 30
LOWEST_FLESCH = 75
LONGEST_SENTENCE = 20
CASES = {**LEAFLETS, **{patient: demo(patient) for patient in DEMO}}


def sentences(name: str, language: str) -> list[list[str]]:
    advice = [a.text for section in leaflet(CASES[name], language).sections for a in section.advice]
    split = [sentence for line in advice for sentence in re.split(r"[.!?:]+", line)]
    found = [re.findall(r"[^\W_]+(?:[-'’][^\W_]+)*", sentence) for sentence in split]
    return [words for words in found if words]


def lix(text: list[list[str]]) -> float:
    words = [word for sentence in text for word in sentence]
    return len(words) / len(text) + 100 * sum(len(word) > 6 for word in words) / len(words)


def flesch(text: list[list[str]]) -> float:
    words = [word for sentence in text for word in sentence]
    return 206.835 - 1.015 * len(words) / len(text) - 84.6 * sum(map(syllables, words)) / len(words)


def syllables(word: str) -> int:
    groups = re.findall(r"[aeiouy]+", word.casefold())
    silent = word.casefold().endswith("e") and not word.casefold().endswith("le") and len(groups) > 1
    return max(1, len(groups) - silent)


def test_the_measures_tell_easy_from_hard() -> None:
    assert lix([["Katten", "sover"]]) < 5
    assert lix([["Extremitetsbristen", "nödvändiggör", "specialistbedömning"]]) > 60
    assert flesch([["The", "cat", "sleeps"]]) > 100
    assert flesch([["Osteodensitometry", "necessitates", "interpretation"]]) < 0
    assert [syllables(word) for word in ("bone", "table", "balance", "the", "x")] == [1, 2, 2, 1, 1]


@pytest.mark.parametrize("name", CASES)
def test_the_swedish_leaflet_is_very_easy_to_read(name: str) -> None:
    assert lix(sentences(name, "sv")) < HIGHEST_LIX


@pytest.mark.parametrize("name", CASES)
def test_the_english_leaflet_is_easy_to_read(name: str) -> None:
    assert flesch(sentences(name, "en")) > LOWEST_FLESCH


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", CASES)
def test_no_sentence_is_long(name: str, language: str) -> None:
    assert [" ".join(words) for words in sentences(name, language) if len(words) > LONGEST_SENTENCE] == []
