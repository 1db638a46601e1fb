"""The background task of a worker that brings what waits on the disk into the store."""

import asyncio
from typing import Final

from cds_service.logs import log
from cds_service.metrics import SPOOL_BYTES, STORE_UP
from cds_service.store import Outbox

SECONDS: Final = 1.0


async def tend(outbox: Outbox, seconds: float = SECONDS) -> None:
    """Look once a second for records that wait here or were left by a worker that died; runs until it is cancelled."""
    while True:
        try:
            await asyncio.to_thread(outbox.tend)
            STORE_UP.set(outbox.up)
            SPOOL_BYTES.set(outbox.waiting_bytes)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again; without this task nothing would be
            log.error("records could not be brought into the store", error=type(error).__name__)
        await asyncio.sleep(seconds)
