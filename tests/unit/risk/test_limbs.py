import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.limbs.status import limb_status
from cds_service.risk.record import BodySite
from cds_service.rulesets.load import default_text, load_default, load_text
from tests.unit.risk.records import AS_OF, CM, KVA, SCT, SE, WHO, condition, device, item, on, patient, procedure

RULES = load_default("se")
LEFT = (BodySite(side="left"),)
RIGHT = (BodySite(side="right"),)
BOTH = (BodySite(side="bilateral"),)


def status(*facts, rules=RULES):
    return limb_status(patient(*facts), rules, AS_OF)


def cm(code, **more):
    return condition(code=(CM, code), **more)


def se(code, **more):
    return condition(code=(SE, code), **more)


def kva(code, **more):
    return procedure(code=(KVA, code), **more)


def levels(found):
    return {(limb.limb, limb.side): limb.level for limb in found.limbs}


CLASSES = [
    ("transtibial right", [cm("Z89.511")], "LL-TT", {("lower", "right"): "below-knee"}),
    ("ankle left", [cm("Z89.442")], "LL-TT", {("lower", "left"): "ankle"}),
    ("knee, proven by the operation", [kva("NGQ09", sites=LEFT)], "LL-TF", {("lower", "left"): "knee"}),
    ("transfemoral left", [cm("Z89.612")], "LL-TF", {("lower", "left"): "above-knee"}),
    ("both below the knee", [cm("Z89.511"), cm("Z89.512")], "LL-BI-TT", None),
    ("one below and one above the knee", [cm("Z89.511"), cm("Z89.612")], "LL-BI-TF", None),
    ("both legs, any level", [se("Z89.7")], "LL-BI-TT", {("lower", "left"): "unknown", ("lower", "right"): "unknown"}),
    ("a leg, no level", [condition(code=(SCT, "77595004"))], "LL-UNK", {("lower", "unknown"): "unknown"}),
    ("a leg lost, no level, surely not toes", [cm("Z89.9", sites=(BodySite("lower", "left"),))], "LL-UNK", None),
    ("metatarsals", [kva("NHQ14", sites=LEFT)], "PARTFOOT", {("lower", "left"): "partial-foot"}),
    ("foot or only toes", [cm("Q72.32")], "PARTFOOT", {("lower", "left"): "partial-foot"}),
    ("absent left hand", [cm("Z89.112")], "UL", {("upper", "left"): "wrist"}),
    ("hand or only fingers", [cm("Q71.32")], "UL-UNK", {("upper", "left"): "partial-hand"}),
    ("a cut through the palm", [cm("S68.711A")], "UL", {("upper", "right"): "partial-hand"}),
    ("arm above the wrist, no level", [se("Z89.2")], "UL", {("upper", "unknown"): "unknown"}),
    ("arm, no level", [condition(code=(SCT, "45806008"))], "UL-UNK", {("upper", "unknown"): "unknown"}),
    ("one forearm, though the text says both", [cm("Q71.22")], "UL", {("upper", "left"): "below-elbow"}),
    ("whole arm", [cm("Q71.01")], "UL", {("upper", "right"): "shoulder"}),
    ("great toe", [cm("Z89.411")], "MINOR", {("lower", "right"): "toe"}),
    ("finger", [cm("Z89.021")], "MINOR", {("upper", "right"): "digit"}),
    (
        "fingers or toes, nobody knows",
        [condition(code=(SCT, "275348004"))],
        "MINOR",
        {("unspecified", "unknown"): "digit"},
    ),
    ("a limb, nobody knows which", [cm("Z89.9")], "UNK", {("unspecified", "unknown"): "unknown"}),
    ("congenital lower leg and foot", [cm("Q72.22")], "LL-CONG", {("lower", "left"): "below-knee"}),
    ("short femur", [cm("Q72.42")], "LL-CONG", {("lower", "left"): "longitudinal"}),
    ("congenital one side, amputated the other", [cm("Q72.21"), cm("Z89.512")], "LL-BI-TT", None),
    ("arthrogryposis, all limbs there", [cm("Q74.3")], "LOADED", {}),
    ("Apert syndrome in Swedish coding", [se("Q87.0B")], "LOADED", {}),
    ("arthrogryposis and an amputated leg", [cm("Q74.3"), cm("Z89.511")], "LL-TT", None),
    ("arthrogryposis and a lost toe", [cm("Q74.3"), cm("Z89.411")], "LOADED", None),
    ("arm and leg", [cm("Z89.112"), cm("Z89.511")], "LL-TT", None),
    ("hand and toe", [cm("Z89.112"), cm("Z89.411")], "UL", None),
    ("upper and lower limbs, Swedish", [se("Z89.8")], "LL-UNK", None),
    ("all four limbs", [condition(code=(SCT, "702313004"))], "LL-CONG", None),
    ("told by a clinician, nothing coded", [item("multiple-limb-deficiency", True)], "UNK", {}),
    ("nothing", [], "NONE", {}),
]


@pytest.mark.parametrize(("facts", "name", "expected"), [row[1:] for row in CLASSES], ids=[row[0] for row in CLASSES])
def test_the_class_follows_table_1a(facts, name, expected):
    found = status(*facts)
    assert found.ld_class == name
    assert expected is None or levels(found) == expected
    assert found.in_cohort is (name not in ("MINOR", "NONE"))


MULTIPLE = [
    ("one leg", [cm("Z89.511")], False),
    ("both legs", [cm("Z89.511"), cm("Z89.512")], True),
    ("an arm and a leg", [cm("Z89.112"), cm("Z89.511")], True),
    ("two codes of one leg", [cm("Z89.511"), kva("NGQ19", sites=RIGHT)], False),
    ("a side and no side may be one leg", [cm("Z89.511"), kva("NGQ19")], False),
    ("two codes without a side may be one leg", [kva("NGQ19"), kva("NFQ19")], False),
    ("both arms by one code", [cm("Q71.23")], True),
    ("both arms, any level, Swedish", [se("Z89.3")], True),
    ("upper and lower limbs by one code", [se("Z89.8")], True),
    ("fingers of both hands", [cm("Z89.021"), cm("Z89.022")], False),
    ("both feet in part", [kva("NHQ14", sites=BOTH)], False),
    ("a clinician says so", [cm("Z89.511"), item("multiple-limb-deficiency", True)], True),
    (
        "a clinician denies, the codes stand",
        [cm("Z89.511"), cm("Z89.512"), item("multiple-limb-deficiency", False)],
        True,
    ),
    ("a denial alone is nothing", [item("multiple-limb-deficiency", False)], False),
    ("a preliminary answer is nothing", [item("multiple-limb-deficiency", True, status="preliminary")], False),
]


@pytest.mark.parametrize(("facts", "expected"), [row[1:] for row in MULTIPLE], ids=[row[0] for row in MULTIPLE])
def test_multi_needs_two_limbs_at_wrist_or_ankle_or_above(facts, expected):
    assert status(*facts).multi is expected


# ---------------------------------------------------------------- merging one limb


def test_a_revision_to_a_higher_level_wins_and_dates_the_loss():
    found = status(
        kva("NGQ19", sites=RIGHT, performed="2019-03-01", ref="Procedure/tt"),
        kva("NFQ19", sites=RIGHT, performed="2023-05-01", ref="Procedure/tf"),
    )
    assert levels(found) == {("lower", "right"): "above-knee"}
    assert found.limbs[0].since == on("2023-05-01")
    assert [piece.reference for piece in found.limbs[0].evidence] == ["Procedure/tf", "Procedure/tt"]


def test_the_earliest_code_of_the_same_level_dates_the_loss():
    found = status(cm("Z89.511", onset="2020-01-01"), kva("NGQ19", sites=RIGHT, performed="2019-03-01"))
    assert found.limbs[0].since == on("2019-03-01")


def test_an_undated_higher_level_takes_the_earliest_date_of_the_limb():
    found = status(cm("Z89.611"), kva("NGQ19", sites=RIGHT, performed="2019-03-01"))
    assert (found.limbs[0].level, found.limbs[0].since) == ("above-knee", on("2019-03-01"))


def test_nothing_dated_leaves_the_loss_undated():
    assert status(cm("Z89.611")).limbs[0].since is None


def test_a_congenital_deficiency_has_no_day_of_loss():
    assert status(cm("Q72.22", onset="1990-01-01")).limbs[0].since is None


def test_a_stump_complication_proves_the_limb_but_not_its_level():
    found = status(se("T87.4F", sites=LEFT))
    assert (levels(found), found.level_unknown) == ({("lower", "left"): "above-knee"}, True)
    known = status(se("T87.4F", sites=LEFT), cm("Z89.512"))
    assert (levels(known), known.level_unknown) == ({("lower", "left"): "below-knee"}, False)


def test_a_stump_complication_without_limb_adds_nothing_to_a_known_limb():
    found = status(cm("Z89.511"), cm("T87.40"))
    assert (found.ld_class, found.multi, found.level_unknown) == ("LL-TT", False, False)
    assert status(cm("Z89.511"), cm("T87.40")).limbs == status(cm("Z89.511")).limbs


def test_a_lost_leg_of_unknown_level_outranks_a_lost_toe():
    found = status(cm("Z89.9", sites=(BodySite("lower", "right"),)), se("Z89.7"), cm("Z89.411"))
    assert levels(found)["lower", "right"] == "unknown"


def test_a_level_below_the_known_one_adds_nothing_without_a_side():
    assert status(cm("Z89.611"), kva("NGQ19")).side_unknown is False
    assert levels(status(cm("Z89.611"), kva("NGQ19"))) == {("lower", "right"): "above-knee"}


def test_a_higher_level_without_a_side_raises_the_known_limb_and_leaves_the_side_open():
    found = status(cm("Z89.511"), cm("Z89.412"), kva("NFQ19", performed="2024-01-01"))
    assert levels(found) == {("lower", "right"): "above-knee", ("lower", "left"): "toe"}
    assert (found.ld_class, found.multi, found.side_unknown) == ("LL-TF", False, True)


def test_a_vague_level_without_a_side_adds_nothing():
    assert levels(status(cm("Z89.411"), condition(code=(SCT, "77595004")))) == {("lower", "right"): "toe"}


def test_sides_come_from_the_body_site_of_the_limb_spoken_of():
    sites = (BodySite("upper", "left"), BodySite("lower", "right"))
    assert levels(status(kva("NGQ19", sites=sites))) == {("lower", "right"): "below-knee"}
    assert levels(status(kva("NGQ19", sites=BOTH))).keys() == {("lower", "left"), ("lower", "right")}


def test_the_codes_own_side_beats_the_body_site():
    assert levels(status(cm("Z89.511", sites=LEFT))) == {("lower", "right"): "below-knee"}


def test_an_unknown_side_is_listed():
    assert status(kva("NGQ19")).side_unknown
    assert status(cm("Z89.9")).side_unknown
    assert not status(cm("Z89.511")).side_unknown


def test_the_word_of_the_table_is_unknown_when_no_level_stands_for_it():
    facts = condition(
        "limb-deficiency-congenital", attributes={"kind": "congenital", "limb": "lower", "level": "other"}
    )
    assert status(facts).limbs[0].level == "unknown"


def test_a_whole_limb_that_is_neither_arm_nor_leg_has_no_level():
    found = status(condition(code=(SCT, "62588002")))
    assert (found.ld_class, levels(found)) == ("UNK", {("unspecified", "unknown"): "unknown"})


# ---------------------------------------------------------------- what counts as evidence


def test_an_amputation_never_resolves():
    for clinical in ("resolved", "inactive", "remission", ""):
        assert status(cm("Z89.511", clinical=clinical)).ld_class == "LL-TT"


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_a_denied_amputation_does_not_exist(verification):
    found = status(cm("Z89.511", verification=verification))
    assert (found.ld_class, found.possible) == ("NONE", ())


def test_an_unconfirmed_amputation_is_listed_as_possible():
    fact = cm("Z89.511", verification="provisional")
    found = status(fact)
    assert (found.ld_class, found.in_cohort, found.possible) == ("NONE", False, (fact.evidence,))


@pytest.mark.parametrize(
    "word", ["not-done", "entered-in-error", "in-error", "preparation", "stopped", "aborted", "on-hold"]
)
def test_an_amputation_that_was_not_carried_out_does_not_count(word):
    found = status(kva("NGQ19", sites=LEFT, status=word))
    assert (found.ld_class, found.possible) == ("NONE", ())


def test_a_planned_amputation_does_not_count_before_its_day():
    assert status(kva("NGQ19", performed="2026-06-02")).ld_class == "NONE"
    assert status(kva("NGQ19", performed="2026-06-01")).ld_class == "LL-TT"
    assert status(cm("Z89.511", onset="2027-01-01")).ld_class == "NONE"


def test_a_code_of_low_certainty_never_suffices_alone():
    fact = cm("Z89.621")
    found = status(fact)
    assert (found.ld_class, found.possible) == ("NONE", (fact.evidence,))


def test_a_code_of_low_certainty_may_lend_its_level_to_a_proven_limb_without_one():
    proven = cm("Z89.9", sites=(BodySite("lower", "left"),), ref="Condition/leg")
    found = status(proven, cm("Z89.522", ref="Condition/knee"))
    assert (levels(found), found.level_unknown) == ({("lower", "left"): "knee"}, True)
    assert found.possible == ()


def test_a_code_of_low_certainty_never_beats_a_certain_level():
    assert levels(status(cm("Z89.512"), cm("Z89.622"))) == {("lower", "left"): "below-knee"}


def test_a_partial_injury_that_may_have_been_salvaged_does_not_count():
    with pytest.raises(AssertionError, match="does not know"):
        cm("S78.121A")


def test_prostheses_only_support():
    worn, fitted, broken = (
        device(code=(SCT, "74444006")),
        procedure(code=(KVA, "GA009")),
        device(code=(SCT, "74444006"), status="entered-in-error"),
    )
    implant = cm("Z97.13", ref="Condition/leg")
    found = status(worn, fitted, implant)
    assert (found.ld_class, found.in_cohort) == ("NONE", False)
    assert set(found.possible) == {worn.evidence, fitted.evidence, implant.evidence}
    assert status(broken).possible == ()


def test_what_is_proven_is_not_listed_as_possible_too():
    proven = cm("Z89.511", ref="Condition/1")
    doubted = cm("Z89.511", verification="unconfirmed", ref="Condition/2")
    assert status(proven, doubted).possible == (doubted.evidence,)


def test_minor_amputations_are_in_scope_only_where_the_rule_set_says_so():
    minor = load_text(default_text().replace('include_minor = "no"', 'include_minor = "yes"'))
    assert status(cm("Z89.411"), rules=minor).in_cohort
    assert not status(cm("Z89.411")).in_cohort
    assert not status(rules=minor).in_cohort


# ---------------------------------------------------------------- mass, hips, forearms


MASS = [("amputated", [cm("Z89.511")], True), ("phocomelia", [condition(code=(SCT, "22841008"))], False)]
MASS += [("short bone later amputated", [cm("Q72.61"), cm("Z89.441")], False), ("all limbs there", [cm("Q74.3")], True)]


@pytest.mark.parametrize(("facts", "expected"), [row[1:] for row in MASS], ids=[row[0] for row in MASS])
def test_no_mass_table_applies_to_a_longitudinal_deficiency(facts, expected):
    assert status(*facts).mass_adjustable is expected


HIPS = [
    ("below the knee", [cm("Z89.511")], ("right",)),
    ("both, from the left", [cm("Z89.511"), cm("Z89.612")], ("left", "right")),
    ("hip disarticulation leaves no hip", [kva("NFQ09", sites=LEFT)], ()),
    ("half a foot", [kva("NHQ14", sites=LEFT)], ()),
    ("an arm", [cm("Z89.112")], ()),
    ("side not known", [kva("NGQ19")], ()),
    ("level not known", [cm("Z89.9", sites=(BodySite("lower", "left"),))], ("left",)),
    ("short femur", [cm("Q72.42")], ("left",)),
]


@pytest.mark.parametrize(("facts", "expected"), [row[1:] for row in HIPS], ids=[row[0] for row in HIPS])
def test_residual_hips_are_those_above_a_missing_part(facts, expected):
    assert status(*facts).residual_hip_sides == expected


FOREARMS = [
    ("all there", [cm("Z89.511")], ("left", "right")),
    ("a hand missing leaves the forearm", [cm("Z89.112")], ("left", "right")),
    ("left forearm", [cm("Z89.212")], ("right",)),
    ("both forearms", [cm("Q71.23")], ()),
    ("radius missing", [cm("Q71.42")], ("right",)),
    ("arm of unknown side", [se("Z89.2")], None),
    ("limb of unknown kind", [cm("Z89.9")], None),
]


@pytest.mark.parametrize(("facts", "expected"), [row[1:] for row in FOREARMS], ids=[row[0] for row in FOREARMS])
def test_forearms_that_can_be_scanned_are_those_with_both_bones(facts, expected):
    assert status(*facts).forearm_sides == expected


LEVELS_OPEN = [
    ("stated", [cm("Z89.511")], False),
    ("toes are level enough", [cm("Z89.411")], False),
    ("no level", [se("Z89.7")], True),
    ("above or below the knee", [condition(code=(SCT, "308095002"))], True),
    ("hand or fingers", [cm("Q71.32")], True),
    ("no limb", [cm("Z89.9")], True),
    ("told only", [item("multiple-limb-deficiency", True)], True),
]


@pytest.mark.parametrize(("facts", "expected"), [row[1:] for row in LEVELS_OPEN], ids=[row[0] for row in LEVELS_OPEN])
def test_an_open_level_is_listed_as_unknown(facts, expected):
    assert status(*facts).level_unknown is expected


# ---------------------------------------------------------------- properties

POOL = [
    cm("Z89.511", onset="2020-01-01", ref="Condition/1"),
    cm("Z89.612", ref="Condition/2"),
    cm("Z89.411", ref="Condition/3"),
    cm("Q71.22", ref="Condition/4"),
    cm("T87.40", ref="Condition/5"),
    cm("Z89.621", ref="Condition/6"),
    se("Z89.8", ref="Condition/7"),
    kva("NFQ19", performed="2023-01-01", ref="Procedure/8"),
    kva("NGQ19", sites=LEFT, performed="2022-01-01", ref="Procedure/9"),
    condition(code=(WHO, "Z89.9"), ref="Condition/10"),
    item("multiple-limb-deficiency", True, ref="Observation/11"),
]


@given(st.lists(st.sampled_from(POOL), max_size=6), st.randoms(use_true_random=False))
def test_order_and_repetition_never_matter(facts, chance):
    again = [*facts, *facts[:2]]
    chance.shuffle(again)
    assert status(*again) == status(*facts)


WRONG = [
    cm("Z89.511", verification="entered-in-error", ref="Condition/x"),
    kva("NFQ09", status="entered-in-error", ref="Procedure/x"),
    item("multiple-limb-deficiency", True, status="entered-in-error", ref="Observation/x"),
]


@given(st.lists(st.sampled_from(POOL), max_size=4), st.sampled_from(WRONG))
def test_entries_made_in_error_never_matter(facts, wrong):
    assert status(*facts, wrong) == status(*facts)
