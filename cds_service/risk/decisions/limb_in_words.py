"""A limb deficiency that only words tell: nothing is scored, and nobody is told that there is none.

Without a code the patient does not belong to the cohort, and the answer would be silence about somebody who may need a
scan most. Where the words are plain the rule set asks for the code (K6): of adults who are not at the end of life.
"""

from typing import Final

import msgspec

from cds_service.risk.assessment import Assessment, Decision, Unknown
from cds_service.risk.case import Case
from cds_service.risk.gates.eligibility import end_of_life_gate
from cds_service.risk.not_coded import WHY
from cds_service.risk.record import PatientRecord
from cds_service.rulesets.model import RuleSet

REASON: Final = "limb-in-words-only"
ITEM: Final = "limb-code"


def in_words_only(record: PatientRecord, rules: RuleSet) -> bool:
    """True when plain words tell of a limb deficiency and the rule set asks for the code of it."""
    return rules.choice("cohort.in_words_only") == "ask" and any(text.plainly_limb_loss for text in record.not_coded)


def asked_for_code(silent: Assessment, case: Case) -> Assessment:
    """Return the answer of somebody outside the cohort with the question for the code, if it is to be asked of them."""
    # A birth date that is not known is no reason to be silent.
    adult = case.age is None or case.age.high >= case.rules.number("gates.paediatric_age")
    if not adult or end_of_life_gate(case):
        return silent
    return msgspec.structs.replace(
        silent,
        unknowns=(*silent.unknowns, Unknown(item=ITEM, core=True, why=WHY)),
        decisions=(Decision(card="K6", indicator="info", reasons=(REASON,)),),
    )
