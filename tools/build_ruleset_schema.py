"""Write the JSON Schema that editors use for rule-set files: ``python tools/build_ruleset_schema.py``."""

from pathlib import Path

from cds_service.rulesets.editor_schema import FILE_NAME, editor_schema

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    ROOT.joinpath("cds_service", "rulesets", FILE_NAME).write_text(editor_schema(), encoding="utf-8")
