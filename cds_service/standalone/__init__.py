"""The stand-alone pages: assess without CDS Hooks, by form or file; the rules and their sources; what this is."""

from cds_service.standalone.assessing import Desk, desk
from cds_service.standalone.routes import standalone_routes

__all__ = ["Desk", "desk", "standalone_routes"]
