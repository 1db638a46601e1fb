"""The JSON Schema of a rule-set file, for editors: completion and checks while typing (taplo, VS Code)."""

import json
from importlib import resources

from cds_service.rulesets.schema import RuleSetFile

FILE_NAME = "ruleset.schema.json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def editor_schema() -> str:
    """Return the JSON Schema as text. It knows shapes; bounds and completeness are checked on loading."""
    schema = {"$schema": _DIALECT, **RuleSetFile.model_json_schema(by_alias=True)}
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def shipped_schema() -> str:
    """Return the schema file that lies beside the default rule set."""
    return resources.files(__package__).joinpath(FILE_NAME).read_text(encoding="utf-8")
