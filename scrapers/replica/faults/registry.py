"""Every fault by name, in the order in which they lie around an answer, outermost first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from scrapers.replica.errors import FaultNameError
from scrapers.replica.faults import body, drift, paging, redirects, robots, status, transport
from scrapers.replica.faults.fault import Fault

__all__ = ["FAULTS", "describe", "named"]

FAULTS: Final[Mapping[str, Fault]] = {
    fault.name: fault
    for family in (status, transport, redirects, robots, body, drift, paging)
    for fault in family.FAULTS
}


def named(names: str) -> Sequence[Fault]:
    """Faults of a list of names with commas between, in the order of the registry.

    Raises
    ------
    FaultNameError : a name that no fault has.
    """
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    unknown = sorted(wanted - set(FAULTS))
    if unknown:
        raise FaultNameError(unknown, FAULTS)
    return [fault for name, fault in FAULTS.items() if name in wanted]


def describe() -> str:
    """A line for each fault: name and what it does."""
    width = max(map(len, FAULTS))
    return "\n".join(f"  {fault.name:{width}}  {fault.does}" for fault in FAULTS.values())
