"""The form as a template needs it: every input with its name, label, value, options and message."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from cds_service.standalone.answers import NO, YES, Answers, Problem, cell
from cds_service.standalone.definition import Column, Field, Section
from cds_service.standalone.model import FormModel
from cds_service.standalone.texts import texts


class OptionView(msgspec.Struct, frozen=True):
    """One option of a list. ``group``: heading in the list, or empty."""

    value: str
    label: str
    chosen: bool


class GroupView(msgspec.Struct, frozen=True):
    """Options under one heading."""

    label: str
    options: tuple[OptionView, ...]


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One input. ``kind``: ``text`` | ``number`` | ``day`` | ``select``."""

    name: str
    kind: str
    label: str
    value: str = ""
    unit: str = ""
    error: str = ""
    groups: tuple[GroupView, ...] = ()

    @property
    def id(self) -> str:
        """The name as an id that style sheets and links may use."""
        return self.name.replace(".", "-")


class Row(msgspec.Struct, frozen=True):
    """A row of a table."""

    number: int
    legend: str
    remove: str
    inputs: tuple[Input, ...]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One question. ``kind``: ``choice`` (radio buttons) | ``inputs`` | ``rows``; ``has_days``: it asks for a day."""

    key: str
    kind: str
    label: str
    hint: str
    has_days: bool = False
    inputs: tuple[Input, ...] = ()
    options: tuple[OptionView, ...] = ()
    rows: tuple[Row, ...] = ()
    may_grow: bool = False


class SectionView(msgspec.Struct, frozen=True):
    """A section of the form."""

    key: str
    title: str
    lead: str
    feeds: tuple[str, ...]
    questions: tuple[Question, ...]


class ErrorView(msgspec.Struct, frozen=True):
    """A line of the error summary and the input it leads to."""

    id: str
    where: str
    message: str


class FormView:
    """Builds the view of one filled-in form in one language."""

    def __init__(
        self, model: FormModel, language: str, answers: Answers, problems: Iterable[Problem] = (), more: str = ""
    ) -> None:
        """``more`` names the table that gets an empty row to fill in."""
        self._model = model
        self._form = model.definition
        self._choices = model.choices
        self._said = texts()[language]
        self._language = language
        self._answers = answers
        self._more = more
        self._problems: dict[str, Problem] = {}
        for problem in problems:
            self._problems.setdefault(problem.field, problem)

    def sections(self) -> tuple[SectionView, ...]:
        """Return every section with its questions."""
        return tuple(self._section(section) for section in self._form.section)

    def errors(self) -> tuple[ErrorView, ...]:
        """Return what is to be corrected, in the order of the form."""
        found = []
        for section in self.sections():
            for question in section.questions:
                for row in question.rows:
                    found += [(one, row.legend) for one in row.inputs]
                found += [(one, question.label) for one in question.inputs]
        return tuple(
            ErrorView(one.id, where if where == one.label else f"{where}: {one.label}", one.error)
            for one, where in found
            if one.error
        )

    def _section(self, section: Section) -> SectionView:
        title, lead = self._said[f"section.{section.key}.title"], self._said[f"section.{section.key}.lead"]
        return SectionView(section.key, title, lead, section.feeds, tuple(map(self._question, section.fields)))

    def _question(self, field: Field) -> Question:
        label, hint = self._said[f"field.{field.key}.label"], self._said[f"field.{field.key}.hint"]
        if field.kind == "rows":
            rows = tuple(self._rows(field))
            grows = len(rows) < self._form.most_rows
            dated = any(column.type == "day" for column in self._form.rows[field.key].columns)
            return Question(
                key=field.key, kind="rows", label=label, hint=hint, has_days=dated, rows=rows, may_grow=grows
            )
        if field.kind in ("answer", "coded", "complete"):
            options = tuple(self._radio(field.key, {key: self._said[f"answer.{key}"] for key in (YES, NO)}))
            return Question(key=field.key, kind="choice", label=label, hint=hint, options=options)
        if field.kind == "sex":
            sexes = {option.key: option.label[self._language] for option in self._choices["sex"].values()}
            options = tuple(self._radio(field.key, sexes))
            return Question(key=field.key, kind="choice", label=label, hint=hint, options=options)
        dated = field.kind in ("measure", "born")
        inputs = tuple(self._inputs(field, label))
        return Question(key=field.key, kind="inputs", label=label, hint=hint, has_days=dated, inputs=inputs)

    def _radio(self, name: str, labels: Mapping[str, str]) -> Iterator[OptionView]:
        """The answers, and that it is not known: that one unless another was chosen."""
        chosen = self._answers.get(name)
        for key, label in labels.items():
            yield OptionView(key, label, chosen == key)
        yield OptionView("", self._said["answer.unknown"], chosen not in labels)

    def _inputs(self, field: Field, label: str) -> Iterator[Input]:
        if field.kind != "measure":
            kind = "day" if field.kind == "born" else "number"
            yield self._input(field.key, kind, label, unit=self._unit_of(field))
            return
        single = len(field.units) == 1
        unit = self._said[f"unit.{field.units[0]}"] if single else ""
        yield self._input(f"{field.key}.value", "number", self._said["input.value"], unit=unit)
        if not single:
            groups = (self._group("", {unit: self._said[f"unit.{unit}"] for unit in field.units}, f"{field.key}.unit"),)
            yield self._input(f"{field.key}.unit", "select", self._said["input.unit"], groups=groups)
        when = self._said["input.on"]
        hint = f" ({self._said['input.today']})" if field.dated == "today" else ""
        yield self._input(f"{field.key}.on", "day", when + hint)

    def _unit_of(self, field: Field) -> str:
        if field.kind == "count":
            return self._said[f"unit.{self._model.units[field.key]}"]
        return self._said["unit.a"] if field.kind == "age" else ""

    def _rows(self, field: Field) -> Iterator[Row]:
        table = self._form.rows[field.key]
        used = self._answers.rows(field.key)
        least = field.rows or self._form.first_rows
        count = max(least, (used[-1] + 1 if used else 0) + (self._more == field.key))
        label = self._said[f"field.{field.key}.label"]
        for number in range(min(count, self._form.most_rows)):
            inputs = tuple(self._cell(field.key, number, column) for column in table.columns)
            shown = {"table": label, "number": number + 1}
            legend = self._said["input.row"].format_map(shown)
            yield Row(number, legend, self._said["input.remove"].format_map(shown), inputs)

    def _cell(self, table: str, number: int, column: Column) -> Input:
        name, label = cell(table, number, column), self._said[f"column.{table}.{column.key}"]
        if column.type != "choice":
            return self._input(name, column.type, label)
        return self._input(name, "select", label, groups=tuple(self._groups(column, name)))

    def _groups(self, column: Column, name: str) -> Iterator[GroupView]:
        first = self._said["input.choose" if column.required else "input.none"]
        chosen = self._answers.get(name)
        if not column.aside or column.key == "state":
            yield GroupView("", (OptionView("", first, not chosen),))
        by_group: dict[str, dict[str, str]] = {}
        for option in self._choices[column.choices].values():
            by_group.setdefault(option.group, {})[option.key] = option.label[self._language]
        for group, labels in by_group.items():
            yield self._group(self._said[f"group.{group}"] if group else "", labels, name)

    def _group(self, label: str, labels: Mapping[str, str], name: str) -> GroupView:
        chosen = self._answers.get(name)
        return GroupView(label, tuple(OptionView(key, text, key == chosen) for key, text in labels.items()))

    def _input(self, name: str, kind: str, label: str, *, unit: str = "", groups: tuple[GroupView, ...] = ()) -> Input:
        problem = self._problems.get(name)
        return Input(
            name=name,
            kind=kind,
            label=_capital(label),
            value=self._answers.get(name),
            unit=unit,
            groups=groups,
            error=self._said[f"errors.{problem.key}"].format_map(problem.values) if problem else "",
        )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
