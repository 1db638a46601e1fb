"""What-if: the rules in force against another version, on a whole cohort, before anybody publishes anything.

::

    pages: choose, watch, stop, read  -->  trial: begins a run  -->  runner: a process of its own, never a worker's time
        --> simulation: the same people under both rule sets  -->  view: what came out, as rows and bars
"""

from cds_service.admin.what_if.pages import what_if_pages
from cds_service.admin.what_if.runner import Job, start
from cds_service.admin.what_if.trial import Trials

__all__ = ["Job", "Trials", "start", "what_if_pages"]
