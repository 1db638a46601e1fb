"""The synthetic patients, and the request that an EHR would send when one of their charts is opened."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec
import orjson

from cds_service.demo.envelope import Entry, Json, entries_of, patient_view
from cds_service.demo.noise import noise
from cds_service.demo.placeholders import filled
from cds_service.demo.settling import settled
from cds_service.errors import MalformedRequest, TooLarge

LARGEST_BUNDLE: Final = 5_000_000
_FOLDER: Final = files("cds_service.demo").joinpath("patients")


class BundleRefused(MalformedRequest):
    """A visitor's Bundle cannot be opened. ``key`` and ``values``: the page's words for it, ``bundle`` in the texts."""

    def __init__(self, text: str, key: str, **values: int) -> None:
        """``text`` is for callers; ``values`` are numbers alone, so that nothing of the Bundle is repeated."""
        super().__init__(text)
        self.key = key
        self.values = values


class DemoPatient(msgspec.Struct, frozen=True, kw_only=True):
    """A synthetic patient. ``title`` and ``story`` are per language; ``coding`` is ``se`` or ``us``."""

    id: str
    name: str
    coding: str
    title: Mapping[str, str]
    story: Mapping[str, str]
    blocked: tuple[str, ...] = ()
    noise: int = 0


@cache
def demo_patients() -> tuple[DemoPatient, ...]:
    """Return the patients in the order in which the page lists them."""
    listed = tomllib.loads(_FOLDER.joinpath("patients.toml").read_text(encoding="utf-8"))["patient"]
    return tuple(msgspec.convert({**row, "name": _name(_chart(row["id"]))}, DemoPatient) for row in listed)


def demo_patient(patient_id: str) -> DemoPatient:
    """Return the patient with this id. Raises LookupError when there is none."""
    found = next((patient for patient in demo_patients() if patient.id == patient_id), None)
    if found is None:
        raise LookupError("no such demonstration patient")
    return found


def demo_bundle(patient_id: str, today: date) -> Json:
    """Return the chart as one FHIR R4 Bundle of type collection, its dates counted from ``today``.

    Raises LookupError for an unknown id.
    """
    patient = demo_patient(patient_id)
    bundle: Json = orjson.loads(filled(_chart(patient.id), today))
    bundle["entry"] += noise(patient.id, patient.noise, today)
    return bundle


def hook_request(patient_id: str, today: date) -> Json:
    """Return the ``patient-view`` request that an EHR sends when it opens this chart, every list asked for answered.

    Raises LookupError for an unknown id.
    """
    patient = demo_patient(patient_id)
    return patient_view(entries_of(demo_bundle(patient_id, today)), blocked=patient.blocked, empty_lists=True)


def hook_request_of_bundle(body: bytes, today: date) -> Json:
    """Return the request for a visitor's own Bundle; lists that it holds nothing of are left out of the prefetch.

    Dates may be written as in the demonstration patients (``{{today-30d}}``). Raises TooLarge above
    ``LARGEST_BUNDLE`` bytes, BundleRefused when the body is not a Bundle with exactly one Patient.
    """
    if len(body) > LARGEST_BUNDLE:
        raise TooLarge(f"the Bundle is larger than {LARGEST_BUNDLE} bytes")
    entries = settled(entries_of(_bundle(body, today)))
    patients = sum(entry["resource"]["resourceType"] == "Patient" for entry in entries)
    if patients != 1:
        text = f"the Bundle must hold exactly one Patient; it holds {patients}"
        raise BundleRefused(text, "patients", n=patients)
    return patient_view(entries, blocked=(), empty_lists=False)


def _bundle(body: bytes, today: date) -> Json:
    try:
        bundle: Any = orjson.loads(filled(body.decode("utf-8-sig"), today))
    except (orjson.JSONDecodeError, UnicodeDecodeError):
        raise BundleRefused("not valid JSON in UTF-8", "json") from None
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise BundleRefused("not a FHIR Bundle: resourceType must be 'Bundle'", "kind")
    try:
        # A request wraps its resources in a few more levels than the Bundle does.
        orjson.dumps([[[[bundle]]]])
    except orjson.JSONEncodeError:
        raise BundleRefused("the Bundle is nested too deeply", "deep") from None
    return bundle


@cache
def _chart(patient_id: str) -> str:
    return _FOLDER.joinpath(f"{patient_id}.json").read_text(encoding="utf-8")


def _name(chart: str) -> str:
    entries: list[Entry] = entries_of(orjson.loads(chart))
    written = next(entry["resource"] for entry in entries if entry["resource"]["resourceType"] == "Patient")["name"][0]
    return f"{written['given'][0]} {written['family']}"
