"""What each of several workers runs: the application from the environment's settings."""

import os

from fastapi import FastAPI

from cds_service.app.factory import create_app
from cds_service.logs import configure, log
from cds_service.settings import Settings


def application() -> FastAPI:
    """Return the application of one worker. Raises as :func:`create_app` does."""
    configure()
    app = create_app(Settings())
    log.info("worker ready", worker=os.getpid())
    return app
