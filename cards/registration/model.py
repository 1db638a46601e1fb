"""What stands on a registration sheet, before any layout."""

import msgspec


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What all clients of a site share.

    Attributes:
        base_url: where the service is seen from outside, empty when the site has not said.
        service: the id of the service. hooks: the hooks served, in order. prefetch: its templates by key.
        language, text_format, fhir_servers, fetch_seconds, body_bytes: the settings that count where the client has
            nothing of its own. certificate_header: the setting.
    """

    base_url: str
    service: str
    hooks: tuple[str, ...]
    prefetch: tuple[tuple[str, str], ...]
    language: str
    text_format: str
    fhir_servers: tuple[str, ...]
    fetch_seconds: float
    body_bytes: int
    certificate_header: str


class Row(msgspec.Struct, frozen=True):
    """One line: what, and each value of it on a line of its own. Values are as they are typed in."""

    what: str
    values: tuple[str, ...]


class Section(msgspec.Struct, frozen=True):
    """A heading, a sentence or none, and rows."""

    heading: str
    rows: tuple[Row, ...]
    note: str = ""


class RegistrationSheet(msgspec.Struct, frozen=True):
    """The sheet of one client. ``what`` and ``value`` head the two columns of every table."""

    language: str
    title: str
    subtitle: str
    sections: tuple[Section, ...]
    what: str
    value: str
    footer: str
