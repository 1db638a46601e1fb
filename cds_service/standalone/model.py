"""The form of one rule set: its definition together with everything that the terminology adds."""

from collections.abc import Mapping

import msgspec

from cds_service.rulesets.model import RuleSet
from cds_service.standalone.choices import Choices, Codes, choices_of
from cds_service.standalone.definition import Definition, definition
from cds_service.standalone.writing import ITEMS
from cds_service.terminology.index import TerminologyIndex


class FormModel(msgspec.Struct, frozen=True):
    """``units``: the unit of each number item, by its code."""

    definition: Definition
    codes: Codes
    choices: Choices
    units: Mapping[str, str]


def form_model(index: TerminologyIndex, rules: RuleSet) -> FormModel:
    """Return the form. Raises TerminologyError when it asks for what no table holds, so that start-up stops."""
    form = definition()
    codes = Codes(index, form.systems)
    units = {row.code: row.attributes["unit"] for row in index.table(ITEMS) if "unit" in row.attributes}
    return FormModel(form, codes, choices_of(form, codes, rules), units)
