"""Whose record a file is from: its server and its patient, where the file says both."""

from typing import Final

import msgspec

from cds_service.fhir.envelope import BOM

_PATIENT: Final = "Patient"


class _Context(msgspec.Struct, rename="camel"):
    patient_id: str = ""


class _Resource(msgspec.Struct, rename="camel"):
    resource_type: str = ""


class _Entry(msgspec.Struct, rename="camel"):
    full_url: str = ""
    resource: _Resource | None = None


class _File(msgspec.Struct, rename="camel"):
    fhir_server: str | None = None
    context: _Context | None = None
    entry: list[_Entry] = []


_FILE: Final = msgspec.json.Decoder(_File)


def named_patient(body: bytes) -> tuple[str, str]:
    """Return the FHIR server and the patient id that a file names; both empty when it does not name both.

    A hook request names them in ``fhirServer`` and ``context``; a Bundle in the ``fullUrl`` of its one Patient.
    """
    try:
        file = _FILE.decode(body.removeprefix(BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", ""
    if file.context is not None:
        return _both(file.fhir_server or "", file.context.patient_id)
    urls = [one.full_url for one in file.entry if one.resource and one.resource.resource_type == _PATIENT]
    base, found, patient_id = urls[0].rpartition(f"/{_PATIENT}/") if len(urls) == 1 else ("", "", "")
    return _both(base, patient_id.partition("/")[0]) if found else ("", "")


def _both(server: str, patient_id: str) -> tuple[str, str]:
    return (server, patient_id) if server.lower().startswith(("http://", "https://")) and patient_id else ("", "")
