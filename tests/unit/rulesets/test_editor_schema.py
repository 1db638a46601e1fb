"""The JSON Schema for editors: it is current, and the default file names it."""

import json

from cds_service.rulesets.editor_schema import FILE_NAME, editor_schema, shipped_schema
from cds_service.rulesets.load import default_text


def test_the_shipped_schema_is_current():
    assert shipped_schema() == editor_schema(), "run: python tools/build_ruleset_schema.py"


def test_the_default_rule_set_names_its_schema_for_the_editor():
    assert default_text().splitlines()[0] == f"#:schema ./{FILE_NAME}"


def test_the_schema_speaks_of_the_file_as_it_is_written():
    schema = json.loads(editor_schema())
    assert set(schema["required"]) >= {"version", "weights", "tiers", "factors", "limbs"}
    assert "LL-TT" in schema["$defs"]["LimbWeights"]["properties"]
    assert schema["additionalProperties"] is False
