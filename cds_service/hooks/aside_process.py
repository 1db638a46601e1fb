"""A process that assesses large records: ``python -m cds_service.hooks.aside_process``, started by :mod:`.aside`.

It reads jobs from standard input and writes what was found to standard output. It ends with its input: when whoever
started it is gone, for whatever reason, so is the other end of the pipe.
"""

import gc
import os
import signal
import sys
from ctypes import CDLL
from typing import Any, BinaryIO

from cds_service.errors import CallerError
from cds_service.hooks.assessing import Knowledge, Walk
from cds_service.hooks.frames import FAILED, LENGTH, READY, Question, frame, unframed
from cds_service.logs import configure, log


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer jobs until there are no more."""
    by: Knowledge | None = None
    _write(sink, READY)
    while (received := _read(source)) is not None:
        if isinstance(received, Knowledge):
            by = received
            continue
        assert by is not None, "knowledge comes before the first question"
        _write(sink, _found(received, by))
        del received
        _give_back()


def _found(question: Question, by: Knowledge) -> Any:
    """Return what was found or asked for, or the error to be raised by whoever asked."""
    try:
        return Walk(question.job, by).on(question.replies)
    except CallerError as error:
        return error
    except Exception as error:  # noqa: BLE001 - it is done again by the service itself, which says what is wrong
        log.error("large record not assessed aside", error=type(error).__name__)
        return FAILED


def _read(source: BinaryIO) -> Any:
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(head)
    data = source.read(size)
    return unframed(data) if len(data) == size else None


def _write(sink: BinaryIO, value: Any) -> None:
    sink.writelines(frame(value))
    sink.flush()


def _give_back() -> None:
    """Give memory back to the machine: between two large records a process should be as small as at its start."""
    gc.collect()
    if sys.platform == "linux" and hasattr(libc := CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)


def main() -> None:
    """Run the process."""
    configure()
    # Ctrl+C reaches the whole group; the service ends this process itself when it has what it waits for.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever else is printed must not stand between two frames.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    gc.collect()
    gc.freeze()
    serve(sys.stdin.buffer, sink)


if __name__ == "__main__":
    main()
