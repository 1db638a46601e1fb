"""What was typed, and what is wrong with it. An empty field is no answer; it never becomes a "no"."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

import msgspec

from cds_service.risk.dates import PartialDate
from cds_service.rulesets.model import RuleSet
from cds_service.standalone.choices import Choices
from cds_service.standalone.definition import Column, Definition, Field, Table
from cds_service.standalone.texts import texts

YES: Final = "yes"
NO: Final = "no"
LONGEST_ANSWER: Final = 100
_NUMBER: Final = re.compile(r"^-?\d{1,9}([.,]\d{1,6})?$")
_DAY: Final = re.compile(r"^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$")
_ROW: Final = re.compile(r"^([a-z]+)\.(\d{1,2})\.([a-z]+)$")


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with one answer: ``key`` names the sentence, ``values`` fill it."""

    field: str
    key: str
    values: Mapping[str, str] = {}


class Answers(msgspec.Struct, frozen=True):
    """The values typed, by field name (``sex``, ``weight.value``, ``drugs.0.dose``); no empty one."""

    values: Mapping[str, str]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]], form: Definition) -> "Answers":
        """Keep the answers to what the form asks; anything else that was posted is dropped."""
        known = set(names_of(form))
        kept: dict[str, str] = {}
        for name, value in pairs:
            text = value.strip()[:LONGEST_ANSWER]
            if text and (name in known or _is_cell(name, form)):
                kept[name] = text
        return cls(kept)

    def get(self, name: str) -> str:
        """Return what was typed, or an empty string."""
        return self.values.get(name, "")

    def rows(self, table: str) -> tuple[int, ...]:
        """Return the numbers of the rows that hold anything at all."""
        found = (_ROW.match(name) for name in self.values)
        return tuple(sorted({int(match[2]) for match in found if match and match[1] == table}))

    def without_row(self, table: str, number: int) -> "Answers":
        """Return the answers without one row; the rows after it move up."""
        moved: dict[str, str] = {}
        for name, value in self.values.items():
            match = _ROW.match(name)
            row = int(match[2]) if match and match[1] == table else -1
            if match is None or row < number:
                moved[name] = value
            elif row > number:
                moved[f"{table}.{row - 1}.{match[3]}"] = value
        return Answers(moved)


def names_of(form: Definition) -> Iterable[str]:
    """Yield the name of every input outside tables."""
    for field in form.fields():
        if field.kind == "measure":
            yield from (f"{field.key}.{part}" for part in ("value", "unit", "on"))
        elif field.kind != "rows":
            yield field.key


def _is_cell(name: str, form: Definition) -> bool:
    match = _ROW.match(name)
    if match is None or match[1] not in form.rows or int(match[2]) >= form.most_rows:
        return False
    return any(column.key == match[3] for column in form.rows[match[1]].columns)


class Reader:
    """Reads answers as numbers, days and choices; what cannot be read is noted as a problem and left out."""

    def __init__(self, answers: Answers, choices: Choices, rules: RuleSet, today: date, language: str) -> None:
        """``today`` is the last day on which anything can have happened; ``language`` that of the words chosen."""
        self.language = language
        self.answers = answers
        self.choices = choices
        self.rules = rules
        self.today = today
        self.problems: list[Problem] = []

    def wrong(self, name: str, key: str, **values: str) -> None:
        """Note that the answer ``name`` cannot be used."""
        self.problems.append(Problem(name, key, values))

    def label(self, field: Field) -> str:
        """Return the question in the words in which it was asked."""
        return self.said(f"field.{field.key}.label")

    def said(self, key: str) -> str:
        """Return words of the form."""
        return texts()[self.language][key]

    def yes_or_no(self, name: str) -> bool | None:
        """Return the answer, None when it is not known."""
        return {YES: True, NO: False}.get(self.answers.get(name))

    def number(self, name: str, asked: Field | Column) -> float | None:
        """Return a number, with a comma or a point; None when there is none or it cannot be one."""
        text = self.answers.get(name).replace("\N{MINUS SIGN}", "-").replace(" ", "")
        if not text:
            return None
        value = float(text.replace(",", ".")) if _NUMBER.match(text) else math.nan
        if math.isnan(value) or (value < 0 and not asked.signed):
            self.wrong(name, "whole" if asked.whole else "number")
            return None
        if asked.whole and not value.is_integer():
            self.wrong(name, "whole")
            return None
        low, high = self._bounds(asked)
        if not low <= value <= high:
            self.wrong(name, "bounds", low=f"{low:g}", high=f"{high:g}")
            return None
        return value

    def _bounds(self, asked: Field | Column) -> tuple[float, float]:
        if asked.bounds:
            low, high = asked.bounds
            return self.rules.number(low), self.rules.number(high)
        return -math.inf if asked.least is None else asked.least, math.inf if asked.most is None else asked.most

    def day(self, name: str) -> str | None:
        """Return a day, month or year as FHIR writes it; None when there is none or it cannot be one."""
        text = self.answers.get(name)
        if not text:
            return None
        when = partial_date(text)
        if when is None:
            self.wrong(name, "day")
            return None
        if when.first > self.today:
            self.wrong(name, "future")
            return None
        return when.text

    def choice(self, name: str, of: str) -> str:
        """Return the key of the option chosen, empty when nothing was; an unknown one is a problem."""
        chosen = self.answers.get(name)
        if chosen and chosen not in self.choices[of]:
            self.wrong(name, "choice")
            return ""
        return chosen

    def unit(self, field: Field) -> str:
        """Return the unit chosen for a measure, the first one unless told."""
        name = f"{field.key}.unit"
        chosen = self.answers.get(name) or field.units[0]
        if chosen not in field.units:
            self.wrong(name, "choice")
        return chosen

    def filled(self, table: str, columns: Table, number: int) -> bool:
        """Return True when a row tells something; what it needs and lacks is noted."""
        told = any(self.answers.get(cell(table, number, column)) for column in columns.columns if not column.aside)
        for column in columns.columns:
            if told and column.required and not self.answers.get(cell(table, number, column)):
                self.wrong(cell(table, number, column), "needed")
        return told


def cell(table: str, number: int, column: Column) -> str:
    """Return the name of a cell's input."""
    return f"{table}.{number}.{column.key}"


def partial_date(text: str) -> PartialDate | None:
    """Return ``2024``, ``2024-5`` or ``2024-05-17`` as a date of its precision, or None."""
    match = _DAY.match(text)
    if match is None:
        return None
    year, month, day = match.groups()
    try:
        if day:
            return PartialDate.of_day(date(int(year), int(month), int(day)))
        return PartialDate.of_month(int(year), int(month)) if month else PartialDate.of_year(int(year))
    except ValueError:
        return None
