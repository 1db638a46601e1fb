"""The container image, as far as its recipe tells: small, not root, watched."""

import re
import tomllib
from pathlib import Path

import pytest

Instruction = tuple[str, str]


@pytest.fixture(scope="module")
def stages(repository: Path) -> list[list[Instruction]]:
    """The instructions of the Dockerfile, one list per stage; continued lines joined, comments left out."""
    text = (repository / "Dockerfile").read_text("utf-8")
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    split: list[list[Instruction]] = []
    for line in filter(str.strip, joined.splitlines()):
        keyword, _, argument = line.strip().partition(" ")
        if keyword == "FROM":
            split.append([])
        split[-1].append((keyword, re.sub(r"\s+", " ", argument)))
    return split


def arguments(stage: list[Instruction], keyword: str) -> list[str]:
    return [argument for name, argument in stage if name == keyword]


def test_every_instruction_is_one_that_a_builder_knows(stages: list[list[Instruction]]) -> None:
    known = {"FROM", "RUN", "CMD", "LABEL", "EXPOSE", "ENV", "COPY", "VOLUME", "USER", "WORKDIR", "STOPSIGNAL"}
    assert {keyword for stage in stages for keyword, _ in stage} <= known | {"HEALTHCHECK"}


def test_building_and_running_are_separate_stages(stages: list[list[Instruction]]) -> None:
    assert len(stages) > 1
    assert any("--from=build" in copied for copied in arguments(stages[-1], "COPY"))
    assert not any("pip" in ran or "apt" in ran for ran in arguments(stages[-1], "RUN"))


def test_every_base_is_a_python_that_the_project_supports(stages: list[list[Instruction]], repository: Path) -> None:
    least = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    for stage in stages:
        version = re.match(r"python:(\d+\.\d+)-slim", stage[0][1])
        assert version is not None
        assert tuple(map(int, version[1].split("."))) >= tuple(map(int, least.removeprefix(">=").split(".")))


def test_the_service_does_not_run_as_root(stages: list[list[Instruction]]) -> None:
    users = arguments(stages[-1], "USER")
    assert users, "no USER: the image would run as root"
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1])
    keywords = [keyword for keyword, _ in stages[-1]]
    assert "RUN" not in keywords[keywords.index("USER") :]


def test_the_health_check_asks_the_service_itself_without_further_programs(stages: list[list[Instruction]]) -> None:
    (check,) = arguments(stages[-1], "HEALTHCHECK")
    assert "--timeout=" in check
    program = re.search(r'CMD \["python", "-c", "(.+)"\]', check)
    assert program is not None
    compile(program[1], "healthcheck", "exec")
    (port,) = arguments(stages[-1], "EXPOSE")
    assert f"http://127.0.0.1:{port}/health/live" in program[1]


def test_the_service_is_started_without_a_shell_and_reachable_from_outside(stages: list[list[Instruction]]) -> None:
    assert arguments(stages[-1], "CMD") == ['["cds-service", "serve", "--host", "0.0.0.0"]']


def test_everything_copied_into_the_build_is_let_through_and_exists(
    stages: list[list[Instruction]], repository: Path
) -> None:
    let_through = set(re.findall(r"^!(\S+)$", (repository / ".dockerignore").read_text("utf-8"), flags=re.MULTILINE))
    copied = {
        source.removeprefix("./") for argument in arguments(stages[0], "COPY") for source in argument.split(" ")[:-1]
    }
    assert copied == let_through
    assert all((repository / source).exists() for source in copied)
