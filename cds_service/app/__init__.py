"""The service as a web application; with the command line the only room that wires parts together."""

from cds_service.app.factory import create_app

__all__ = ["create_app"]
