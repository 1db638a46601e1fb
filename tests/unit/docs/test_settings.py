"""A setting that is not in the docs, or is described otherwise there, fails here."""

import pytest
from pydantic import ValidationError

from cds_service.settings import Settings


def rows(text):
    for line in text.splitlines():
        if line.startswith("| `CDS_"):
            name, default, meaning = (cell.strip() for cell in line.strip("|").split("|"))
            yield name.strip("`"), default.strip("`"), meaning


def test_every_setting_is_described_as_the_code_describes_it(repository):
    documented = {
        name: (default, meaning) for name, default, meaning in rows((repository / "docs/settings.md").read_text())
    }
    coded = {
        f"CDS_{name.upper()}": (str(field.default), field.description) for name, field in Settings.model_fields.items()
    }
    assert documented == coded


def test_a_wrong_time_zone_is_refused():
    with pytest.raises(ValidationError, match="unknown time zone"):
        Settings(time_zone="Mars/Olympus")
