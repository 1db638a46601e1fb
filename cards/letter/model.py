"""The letter as values: the fields of the e-referral, before any layout."""

from datetime import date

import msgspec

from cards.formats import Block


class LetterDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Who writes and for whom: typed when the letter is printed, never stored; all of it may be left empty.

    ``protected`` is ``Demographics.protected`` (sekretessmarkering, skyddad folkbokföring): the letter then holds
    neither name nor address nor telephone of the patient, whatever is given here. The personal number stays: it is
    what the receiver's record finds the patient by. ``written_on``: None for the day of the assessment.
    """

    protected: bool = False
    patient_name: str = ""
    personal_number: str = ""
    patient_address: tuple[str, ...] = ()
    patient_phone: str = ""
    sender_name: str = ""
    sender_role: str = ""
    sender_unit: str = ""
    sender_address: tuple[str, ...] = ()
    sender_phone: str = ""
    written_on: date | None = None


class Row(msgspec.Struct, frozen=True):
    """A line of a field: its label and what is written; an empty ``text`` is a line to fill in by hand."""

    label: str
    text: str


class Entry(msgspec.Struct, frozen=True):
    """A diagnosis or wanted action: text, and its code with the system's name for people where there is one."""

    text: str
    code: str = ""
    system: str = ""

    @property
    def line(self) -> str:
        """``Bentäthetsmätning (KVÅ AN006)``."""
        return f"{self.text} ({self.system} {self.code})" if self.code else self.text


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A referral letter. All text in it is harmless: one line per item, no control characters.

    ``marker`` is the line that tells of protected identity, or empty. ``question`` and ``history`` fit the form's
    longest field each. ``basis`` says by which rules it was assessed, and what it is not.
    """

    language: str
    title: str
    subject: str
    written_on: date
    recipient: tuple[str, ...]
    channel: str
    sender: tuple[Row, ...]
    patient: tuple[Row, ...]
    personal_number: str
    marker: str
    diagnoses: tuple[Entry, ...]
    actions: tuple[Entry, ...]
    question: tuple[Block, ...]
    history: tuple[Block, ...]
    basis: str
