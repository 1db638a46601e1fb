"""The admin pages: who may change the rules, and the pages and API on which they do.

::

    routes: addresses --> access: who is it, may they, did their own page send it --> visit: one admitted request
        --> pages: templates and words
"""

from cds_service.admin.room import Room, SessionLimits
from cds_service.admin.routes import install

__all__ = ["Room", "SessionLimits", "install"]
