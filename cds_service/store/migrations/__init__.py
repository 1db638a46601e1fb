"""How the tables came to be, step by step (Alembic). :func:`cds_service.store.upgrade.upgrade` walks the steps.

To change a table: change ``tables.py``, add ``versions/v0003_what_it_does.py`` whose ``down_revision`` is the step
before, and never touch a step that was released.
"""
