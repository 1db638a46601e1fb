"""Measured bodies on the very limits of what is plausible, and what a corrected weight and a score rest on."""

import pytest

from cds_service.risk.assessment import Age, Band, BodySize, LimbStatus, Menopause, MissingLimb
from cds_service.risk.body.heights import height_of, legs_lost
from cds_service.risk.body.missing_mass import missing_mass
from cds_service.risk.body.ost import ost
from cds_service.risk.body.published_scores import published_tools
from cds_service.risk.body.weight import body_size
from cds_service.risk.record import Area, BodySite, Delivery
from cds_service.rulesets.load import load_default
from tests.unit.risk import records as r
from tests.unit.risk.records import AS_OF, LOINC, flat, item, on, patient

RULES = load_default("se")
NONE_MISSING = LimbStatus()


def leg(level="below-knee", side="left", **more):
    lost = MissingLimb(limb="lower", side=side, level=level, origin="acquired", since=on("2010-01-01"))
    return LimbStatus(limbs=(lost,), ld_class="LL-TT", in_cohort=True, **more)


def seen(code, value, unit, ref="O/x", **more):
    return r.observation("bmi-observation", value, unit, code=(LOINC, code), ref=ref, **more)


def kg(value, **more):
    return seen("29463-7", value, "kg", "O/weight", **more)


def cm(value, **more):
    return seen("8302-2", value, "cm", "O/height", **more)


def bmi(value, **more):
    return seen("39156-5", value, "kg/m2", "O/bmi", **more)


def size(*facts, limbs=NONE_MISSING):
    return body_size(patient(*facts), limbs, RULES, AS_OF)


def bounds(name):
    return RULES.number(f"weight.plausible_{name}_low"), RULES.number(f"weight.plausible_{name}_high")


@pytest.mark.parametrize(("name", "of", "read"), [("weight", kg, "raw_weight"), ("height", cm, "raw_height")])
def test_the_limits_of_the_plausible_belong_to_it(name, of, read):
    low, high = bounds(name)
    for value in (low, high):
        assert getattr(size(of(value)), read) == value
    for value in (low - 0.1, high + 0.1):
        assert getattr(size(of(value)), read) is None


def test_a_recorded_bmi_on_the_limits_of_the_plausible_is_read():
    low, high = bounds("bmi")
    assert [size(bmi(value)).bmi for value in (low, high)] == [flat(low), flat(high)]
    assert [size(bmi(value)).bmi for value in (low - 0.1, high + 0.1)] == [None, None]


def test_only_heights_are_read_as_heights_and_only_weights_as_weights():
    facts = cm(170, effective="2026-01-01"), seen("29463-7", 1.5, "m", "O/odd", effective="2026-05-01")
    assert size(*facts).raw_height == 170
    odd = seen("8302-2", 60, "kg", "O/odd", effective="2026-05-02")
    assert size(kg(70, effective="2026-01-01"), odd).raw_weight == 70
    odd_bmi = seen("29463-7", 30, "kg/m2", "O/odd", effective="2026-05-02")
    assert size(bmi(22, effective="2026-01-01"), odd_bmi).bmi == flat(22)


def test_weight_height_and_a_recorded_bmi_are_the_evidence():
    both = size(kg(70, effective="2026-05-01"), cm(170, effective="2026-04-01"))
    assert [piece.reference for piece in both.evidence] == ["O/weight", "O/height"]
    recorded = size(kg(70, effective="2026-05-01"), bmi(24, effective="2026-04-01"))
    assert [piece.reference for piece in recorded.evidence] == ["O/weight", "O/bmi"]
    assert recorded.remarks == ("bmi-as-recorded",)


def test_the_height_names_what_it_rests_on_and_a_refused_one_is_still_shown_raw():
    record = patient(cm(170))
    found = height_of(record, NONE_MISSING, RULES, AS_OF)
    assert (found.cm, [piece.reference for piece in found.evidence]) == (170, ["O/height"])
    told = height_of(patient(item("height-before-amputation", 175, "cm", ref="O/told")), leg(), RULES, AS_OF)
    assert (told.cm, [piece.reference for piece in told.evidence]) == (175, ["O/told"])
    both = LimbStatus(limbs=(*leg(side="left").limbs, *leg(side="right").limbs), ld_class="LL-BI-TT", in_cohort=True)
    refused = height_of(record, both, RULES, AS_OF)
    assert (refused.cm, refused.raw, refused.refused) == (None, 170, "height-on-prostheses")


@pytest.mark.parametrize(
    ("level", "lost"), [("unknown", 1), ("below-knee", 1), ("ankle", 1), ("partial-foot", 0), ("toe", 0)]
)
def test_a_leg_is_lost_from_the_ankle_up_or_at_an_unknown_level(level, lost):
    assert len(legs_lost(leg(level))) == lost


# ---------------------------------------------------------------- missing mass


def mass(*facts, limbs):
    return missing_mass(patient(*facts), limbs, RULES, AS_OF)


def calf(percent, side="", ref="O/calf"):
    sites = (BodySite(limb="lower", side=side),) if side else ()
    return item("missing-calf-fraction", percent, "%", sites=sites, ref=ref)


@pytest.mark.parametrize(("percent", "share"), [(0, 1.5), (100, 1.5 + 4.4), (50, 1.5 + 2.2), (0.5, 1.5 + 0.022)])
def test_the_cut_segment_may_be_missing_by_none_or_all_of_it(percent, share):
    assert mass(calf(percent), limbs=leg()).fraction.mid == pytest.approx(share / 100)


@pytest.mark.parametrize("percent", [-1, 101])
def test_an_impossible_share_leaves_the_whole_segment_open(percent):
    found = mass(calf(percent), limbs=leg()).fraction
    assert (found.low, found.high) == (pytest.approx(0.015), pytest.approx(0.059))


@pytest.mark.parametrize(("side", "speaks"), [("left", True), ("", True), ("bilateral", True), ("right", False)])
def test_an_answer_about_the_other_side_is_not_taken(side, speaks):
    found = mass(calf(50, side), limbs=leg(side="left"))
    assert (found.fraction.low == found.fraction.high) is speaks
    assert bool(found.evidence) is speaks


def test_a_whole_level_or_an_unknown_one_asks_for_no_share():
    for level in ("knee", "unknown"):
        assert mass(calf(50), item("missing-thigh-fraction", 50, "%"), limbs=leg(level)).evidence == ()


@pytest.mark.parametrize(("entered", "mid"), [(0, 0.0), (0.5, 0.005), (99.9, 0.999)])
def test_a_mass_that_a_clinician_entered_counts_from_nothing_to_nearly_all(entered, mid):
    assert mass(item("missing-body-mass", entered, "%"), limbs=leg()).fraction.mid == pytest.approx(mid)


def test_all_of_the_body_cannot_be_missing():
    assert mass(item("missing-body-mass", 100, "%"), limbs=leg("knee")).fraction.mid == pytest.approx(0.059)


# ---------------------------------------------------------------- scores


def tools(*facts, **more):
    found = published_tools(r.case(*facts, **more))
    return {one.tool: one for one in found}


def test_every_score_names_its_source():
    body = BodySize(weight=flat(55.0))
    for found in (tools(age=60, body=body), tools(age=60, body=BodySize()), tools(age=Age(44, 46), body=body)):
        for one in found.values():
            assert one.source, one
    assert set(tools(age=60, body=body)) >= {"OST", "ORAI"}


def test_a_score_without_a_weight_says_why():
    assert tools(age=60, body=BodySize())["ORAI"].refused == "weight-missing"
    assert tools(age=60, body=BodySize(refused="weight-outdated"))["ORAI"].refused == "weight-outdated"
    assert tools(age=Age(44, 46), body=BodySize(weight=flat(55.0)))["ORAI"].refused == "age-unknown"


@pytest.mark.parametrize(("percent", "read"), [(0, True), (0.5, True), (100, True), (100.5, False), (-1, False)])
def test_a_recorded_probability_lies_between_none_and_certain(percent, read):
    sent = r.observation("frax-result", percent, "%", attributes={"role": "mof"}, ref="O/frax")
    found = [one for name, one in tools(sent).items() if one.recorded]
    assert bool(found) is read
    for one in found:
        assert (one.band.mid, one.source != "", one.evidence) == (percent, True, (sent.evidence,))


@pytest.mark.parametrize(
    ("kilograms", "age", "score"), [(70.0, 60, 2), (55.0, 60, -1), (59.999, 60, 0), (50.1, 60, -1)]
)
def test_ost_is_cut_toward_zero(kilograms, age, score):
    case = r.case(age=age, body=BodySize(weight=flat(kilograms)), menopause=Menopause(state="postmenopausal"))
    assert ost(case).band == Band(score, score, score)


def test_where_the_medication_list_is_not_whole_oestrogen_may_be_taken():
    body = BodySize(weight=flat(55.0))
    known = tools(age=60, body=body)["ORAI"].band
    open_ = tools(age=60, body=body, areas={Area.MEDICATIONS: Delivery.FAILED})["ORAI"].band
    assert (known.low, open_.low, open_.high) == (known.high, known.low - 2, known.high)
