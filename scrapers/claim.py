"""One process a run and table: two would write over each other's parts."""

from __future__ import annotations

import fcntl
import os

from scrapers.errors import ArgumentError
from scrapers.files import make_private_folder
from scrapers.plan import CrawlPlan

__all__ = ["claim"]


def claim(plan: CrawlPlan) -> int:
    """Descriptor of the run's folder, which holds it until it is closed or the process ends.

    The system lets go of it with the process, however that ends.

    Raises
    ------
    ArgumentError : the raw zone cannot be written, or another process crawls the same.
    """
    data, run_id = plan.settings.data, plan.arguments.landing_id
    folder = plan.landing_folder
    try:
        make_private_folder(folder, data / "raw")
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as err:
        raise ArgumentError([_unwritable(data, str(err))]) from err
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as err:
        os.close(descriptor)
        taken = f"run_id {run_id} is crawling its {plan.table} right now: wait, or give another"
        raise ArgumentError([taken]) from err
    if not os.access(folder, os.W_OK | os.X_OK):
        os.close(descriptor)
        raise ArgumentError([_unwritable(data, f"{folder} is read-only")])
    return descriptor


def _unwritable(data: object, why: str) -> str:
    return (
        f"the raw zone of {data} cannot be written: {why}; set LIKEWISE_DATA to a folder of yours"
    )
