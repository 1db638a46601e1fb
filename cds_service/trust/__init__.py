"""Who calls: each call is led back to one registered client, or refused.

::

    gate: which proof was shown, whose client that is
      |-- tokens: a JWT taken apart, strictly      claims: who, for whom, how long
      |-- signatures: the algorithm that client, key and token agree on
      |-- key_sets: keys behind addresses, fetched and kept      replays: no token twice
      `-- certificates: what a trusted proxy says of the client's certificate
    registry: the clients as the gate looks them up      rates: how often one may call

Outside nobody learns why a call was refused; ``reasons`` are fixed words for the admin, without a byte of the token.
"""

from cds_service.trust.gate import Gate, Shown
from cds_service.trust.key_sets import KeySets
from cds_service.trust.rates import Rates
from cds_service.trust.reasons import Reason, TurnedAway
from cds_service.trust.registry import Registry
from cds_service.trust.replays import Replays

__all__ = ["Gate", "KeySets", "Rates", "Reason", "Registry", "Replays", "Shown", "TurnedAway"]
