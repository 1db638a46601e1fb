"""What became of the cards: shown, accepted, overridden and why, or no reply; and what that may mean.

::

    store.answers --> board: counts by card, rule, client and week --> hints: what is worth looking into --> pages
"""

from cds_service.admin.answers.pages import answer_pages

__all__ = ["answer_pages"]
