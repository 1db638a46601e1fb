"""Writes everything a screening leaves behind, each file whole or not at all."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

import msgspec

from cards.words import LANGUAGES
from cds_service.screening.checkpoint import opened_privately, write_privately
from cds_service.screening.output.listing import COLUMNS, FAULT_COLUMNS, Cell, cells, csv_lines, fault_cells
from cds_service.screening.output.parquet import is_possible, write_parquet
from cds_service.screening.output.report import Result, first_rows, report_page
from cds_service.screening.output.resources import Emitter
from cds_service.screening.output.tally import Tally
from cds_service.screening.screen import Screened
from cds_service.screening.setting import Setting, judge

_BOM: Final = b"\xef\xbb\xbf"
_DRAFT: Final = ".tmp"


class Output(msgspec.Struct, frozen=True):
    """What was written: the names of the files, the counts, and whether Parquet was left out for want of its extra."""

    files: tuple[str, ...]
    tally: Tally
    without_parquet: bool


def write_output(out: Path, screened: Screened, setting: Setting, language: str) -> Output:
    """Write list.csv, list.parquet, RiskAssessment.ndjson, List.ndjson, faults.csv, counts.json and the reports.

    Raises OSError when the folder cannot be written.
    """
    rule_set = judge(setting).rules.version
    emitter = Emitter(setting, rule_set, language)
    lists = csv_lines(_with_head(COLUMNS, _ranked(screened, language)))
    _stream(out / "list.csv", lists, first=_BOM)
    if is_possible():
        _whole(out / "list.parquet", screened, language)
    _stream(out / "RiskAssessment.ndjson", emitter.assessments(screened.rows()))
    _stream(out / "List.ndjson", emitter.lists(screened.rows()))
    _stream(out / "faults.csv", csv_lines(_with_head(FAULT_COLUMNS, map(fault_cells, screened.faults))), first=_BOM)
    tally = Tally()
    result = Result(
        setting=setting,
        rule_set=rule_set,
        counts=screened.counts,
        tally=tally,
        first=first_rows(screened.rows(), tally),
        faults=screened.faults,
    )
    write_privately(out / "counts.json", _counts(result))
    for spoken in LANGUAGES:
        write_privately(out / f"report.{spoken}.html", report_page(result, spoken))
    return Output(tuple(sorted(path.name for path in out.iterdir() if path.is_file())), tally, not is_possible())


def _counts(result: Result) -> bytes:
    told = {
        "as_of": result.setting.as_of,
        "rule_set": result.rule_set,
        "profile": result.setting.profile,
        "export": result.counts,
        "list": result.tally,
        "faults": sum(fault.count for fault in result.faults),
    }
    plain = msgspec.to_builtins(told, str_keys=True)
    return msgspec.json.format(msgspec.json.encode(plain, order="sorted"), indent=2) + b"\n"


def _ranked(screened: Screened, language: str) -> Iterator[tuple[Cell, ...]]:
    return (cells(rank, row, language) for rank, row in enumerate(screened.rows(), start=1))


def _with_head(head: Iterable[Cell], lines: Iterable[Iterable[Cell]]) -> Iterator[Iterable[Cell]]:
    yield head
    yield from lines


def _stream(path: Path, lines: Iterable[bytes], first: bytes = b"") -> None:
    draft = path.with_name(path.name + _DRAFT)
    with opened_privately(draft) as file:
        file.write(first)
        file.writelines(lines)
    draft.replace(path)


def _whole(path: Path, screened: Screened, language: str) -> None:
    draft = path.with_name(path.name + _DRAFT)
    file: IO[bytes]
    with opened_privately(draft) as file:
        write_parquet(file, _ranked(screened, language))
    draft.replace(path)
