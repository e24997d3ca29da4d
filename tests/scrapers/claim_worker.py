"""One of several processes that claim units of one ledger: ``claim_worker.py URL SITE OWNER HOW``.

Each line of its output is an event; it waits for a line of input where all must go together.
"""

import json
import random
import sys
import time

from sqlalchemy import select, update

from scrapers.ledger import Ledger
from scrapers.ledger_claims import PENDING_AT
from scrapers.ledger_tables import units
from scrapers.records import LandedUnit, UnitKind, UnitState

KIND = UnitKind.ITEM_LIKES
BATCH = 16


def tell(event, keys=()):
    sys.stdout.write(json.dumps([event, time.monotonic(), list(keys)]) + "\n")
    sys.stdout.flush()


def wait(event):
    tell(event)
    sys.stdin.readline()


def work(ledger, seed):
    """Claim, then give some back and end the rest, until nothing is left.

    None goes on before each has its first units: a busy machine may leave all to one.
    """
    chance = random.Random(seed)
    is_first = True
    while claimed := [unit.key for unit in ledger.claim(KIND, chance.randint(1, BATCH))]:
        if is_first:
            wait("begun")
            is_first = False
        tell("claimed", claimed)
        back = [key for key in claimed if chance.random() < 0.2]
        ended = [key for key in claimed if key not in back]
        tell("released", back)
        ledger.release((KIND, key) for key in back)
        settled = ledger.settle([LandedUnit(KIND, key, UnitState.DONE) for key in ended], {})
        tell("settled", (key for _, key in settled))


def work_naively(ledger, owner):
    """What a claim of two transactions does: look for pending units, then take them."""
    database = ledger._database
    pending = select(units.c.key).where(
        units.c.site == ledger._scope.site, units.c.claimable_at == PENDING_AT
    )
    with database.read() as connection:
        keys = list(connection.scalars(pending.limit(BATCH)))
    wait("picked")
    taken = update(units).where(units.c.site == ledger._scope.site, units.c.key.in_(keys))
    with database.write() as connection:
        connection.execute(taken.values(owner=owner, state=UnitState.LEASED))
    tell("claimed", keys)


def main(url, site, owner, how):
    ledger = Ledger.open(url, site=site, crawl_id="r1", owner=owner)
    wait("ready")
    work(ledger, owner) if how == "well" else work_naively(ledger, owner)
    ledger.close()
    tell("left")


if __name__ == "__main__":
    main(*sys.argv[1:])
