"""DiagnosticReport and ImagingStudy -> ReportFact."""

from collections.abc import Iterator

from cds_service.fhir.conditions import ELEMENT
from cds_service.fhir.reading import Reading
from cds_service.fhir.shapes_clinical import DiagnosticReport, ImagingStudy
from cds_service.risk.record import ReportFact


def read_report(report: DiagnosticReport, reading: Reading) -> Iterator[ReportFact]:
    """Yield the fact of a DiagnosticReport whose code some concept recognises."""
    found = reading.find_one(report.code)
    if not found:
        reading.note_text(report, report.code)
        return
    concluded = (*report.coded_diagnosis, *(given.as_concept for given in report.conclusion_code))
    start, end = reading.period(report.effective_period, report, "effectivePeriod")
    effective = reading.date(report.effective_date_time, report, "effectiveDateTime") or end or start
    yield ReportFact(
        evidence=reading.evidence(report, found, effective),
        hits=found.hits,
        status=(report.status or "").lower(),
        effective=effective,
        results=tuple(reading.resolve(result.reference) for result in report.result if result.reference),
        conclusions=reading.find(concluded, ELEMENT).hits,
    )


def read_study(study: ImagingStudy, reading: Reading) -> Iterator[ReportFact]:
    """Yield the fact of an ImagingStudy whose procedure or modality some concept recognises."""
    procedures = (*study.procedure_code, *(given.as_concept for given in study.procedure))
    found = reading.find((*procedures, *(modality.as_concept for modality in (*study.modality, *study.modality_list))))
    if not found:
        return
    started = reading.date(study.started, study, "started")
    yield ReportFact(
        evidence=reading.evidence(study, found, started),
        hits=found.hits,
        status=(study.status or "").lower(),
        effective=started,
    )
