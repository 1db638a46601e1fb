"""Between the calls and the store: everything to remember goes to disk first, and from there into the store, once.

So a card never waits for the store, and a store that is down loses nothing: what waits is written when it is back, by
whichever worker finds it, and known by its uuid where it was written before (docs/adr/0018-spool.md).
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from cds_service.errors import NotKept, StoreError, StoreRefused
from cds_service.logs import log
from cds_service.metrics import RECORDS_ASIDE, RECORDS_LOST
from cds_service.store.entries import Act, DecisionEntry, FeedbackEntry, Record
from cds_service.store.spool import Spool, SpoolFile, unwrapped
from cds_service.store.store import Store

RETRY_SECONDS: Final = 2.0


_DECODER: Final = msgspec.json.Decoder(Record)


class Outbox:
    """What one worker has to remember. All methods may be called from any thread."""

    def __init__(self, store: Store, spool: Spool, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._spool, self._clock = store, spool, clock
        self._again_at = 0.0
        self._draining = threading.Lock()
        self.lost = 0
        """Decisions that found no room in the spool."""
        self.refused = 0
        """Records that were damaged, or that the store would never take: they were set aside."""

    @property
    def waiting_bytes(self) -> int:
        """What waits on the disk."""
        return self._spool.waiting

    @property
    def up(self) -> bool:
        """False from the moment the store failed until it answers again."""
        return self._again_at == 0

    def remember(self, decision: DecisionEntry) -> None:
        """Keep the decision of a call that is about to be answered; quick, and raises nothing: the card comes first."""
        try:
            self._spool.append(msgspec.json.encode(Record(decision=decision)))
        except StoreError as error:
            self.lost += 1
            RECORDS_LOST.inc()
            log.error("decision lost", problem=str(error))

    def record_feedback(self, entries: Sequence[FeedbackEntry]) -> None:
        """Return when the feedback is in the store, or on the disk to be stored later. Raises NotKept otherwise."""
        if not self._resting():
            try:
                self._store.record_feedback(entries)
            except StoreRefused:
                raise
            except StoreError as error:
                self._failed(error)
            else:
                return
        try:
            self._spool.append(msgspec.json.encode(Record(feedback=tuple(entries))))
            self._spool.sync()
        except StoreError as error:
            log.error("feedback not kept", problem=str(error))
            raise NotKept("the feedback could not be kept now; send it again later") from None

    def acts(self, patient: str) -> tuple[Act, ...]:
        """Return what was done with a patient's cards. Raises StoreError, at once while the store rests."""
        if self._resting():
            raise StoreError("the store is down")
        return self._store.acts(patient)

    def tend(self) -> None:
        """Look for files of workers that died, then :meth:`drain`."""
        self._spool.adopt()
        self.drain()

    def drain(self) -> None:
        """Write what waits into the store. When it fails, what waits is made safe on the disk and tried again later."""
        if not self._draining.acquire(blocking=False):
            return
        try:
            if not self._resting():
                self._empty()
        except StoreError as error:
            self._failed(error)
        finally:
            self._draining.release()
        if not self.up:
            self._make_safe()

    def close(self) -> None:
        """Write what can be written, also of those who died, and let go of the files."""
        self.tend()
        # Another thread may be writing still: the files are its until it is done.
        with self._draining:
            self._make_safe()
            if self._spool.waiting:
                log.warning("records wait on the disk for the next start", bytes=self._spool.waiting)
            self._spool.close()

    def _empty(self) -> None:
        for file in self._spool.unwritten():
            # What is appended meanwhile is for the next time: under a load without end this would never end.
            left = file.waiting
            while left > 0 and (written := self._write_some(file)):
                left -= written
        if not self.up:
            self._store.ping()
            self._again_at = 0.0
            log.info("the store is back")

    def _write_some(self, file: SpoolFile) -> int:
        """Write the next records; return how many bytes they took, 0 when there are none."""
        lines, place = file.next()
        records = [(line, record) for line in lines if (record := self._read(line)) is not None]
        if records:
            self._write(records)
        if lines:
            file.done(place)
        return sum(len(line) + 1 for line in lines)

    def _write(self, records: Sequence[tuple[bytes, Record]]) -> None:
        try:
            self._store.record([record for _, record in records])
        except StoreRefused:
            if len(records) == 1:
                self._set_aside(records[0][0])
            else:
                for one in records:
                    self._write([one])

    def _read(self, line: bytes) -> Record | None:
        record = unwrapped(line)
        try:
            if record is not None:
                return _DECODER.decode(record)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
        self._set_aside(line)
        return None

    def _set_aside(self, line: bytes) -> None:
        self._spool.set_aside(line)
        self.refused += 1
        RECORDS_ASIDE.inc()

    def _resting(self) -> bool:
        return self._clock() < self._again_at

    def _failed(self, error: StoreError) -> None:
        if self.up:
            log.error("the store is down: records wait on the disk", problem=str(error))
        self._again_at = self._clock() + RETRY_SECONDS

    def _make_safe(self) -> None:
        try:
            self._spool.sync()
        except StoreError as error:
            log.error("records wait, but would not survive a loss of power", problem=str(error))
