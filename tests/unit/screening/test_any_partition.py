"""However an export is cut, packed, nested and ordered, the output has the same bytes."""

import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.cohort.population import LISTS

from .runs import lines_of, outputs, population, rows, write

PEOPLE = population(patients=25, limb_share=0.6)
LINES = lines_of(PEOPLE)
EXAMPLES = 25 if os.environ.get("CI") else 6


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return rows(write(folder / "export", LINES), folder / "out", asked=LISTS)


@given(chance=st.randoms(use_true_random=False), gz=st.booleans(), unit=st.sampled_from([700, 5_000, 1 << 26]))
@settings(
    deadline=None,
    max_examples=25 if os.environ.get("CI") else 6,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_partition_and_order_gives_the_same_rows(tmp_path_factory, expected, chance, gz, unit):
    folder = tmp_path_factory.mktemp("cut")
    mixed = [*LINES, *chance.sample(LINES, 20)]
    chance.shuffle(mixed)
    parts = chance.randint(1, 4)
    export = folder / "export"
    for number in range(parts):
        write(export, mixed[number::parts], gz=gz, name=lambda kind, part=number: f"part{part}/{kind}.{part}.ndjson")
    memory = chance.choice([128_000_000, 64 * 2_000])
    assert rows(export, folder / "out", asked=LISTS, unit_bytes=unit, memory=memory) == expected


def test_every_file_of_the_output_is_the_same_to_the_byte(tmp_path):
    export = write(tmp_path / "a", LINES)
    one = outputs(export, tmp_path / "out-a", asked=LISTS)
    assert one == outputs(export, tmp_path / "out-b", asked=LISTS, unit_bytes=3_000, memory=64 * 2_000)
    mixed = random.Random(4).sample(LINES, len(LINES))  # noqa: S311 - it only mixes
    other = outputs(write(tmp_path / "c", mixed), tmp_path / "out-c", asked=LISTS)
    # Faults are told by line, and the lines stand elsewhere now.
    assert {name for name in one if one[name] != other[name]} <= {"faults.csv", "report.en.html", "report.sv.html"}
