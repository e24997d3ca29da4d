"""Metrics in the words of Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from serving.catalog import Catalog
from serving.metrics import BOUNDS_S, Metrics

__all__ = ["registry_of"]

_LE: Final = (*map(str, BOUNDS_S), "+Inf")
_COUNTERS: Final = (
    ("shed", "requests_shed", "Requests that were turned away before any work."),
    ("lists", "lists", "Lists that were answered."),
    ("items_requested", "list_items_requested", "Items that lists were asked for."),
    ("items_filled", "list_items_filled", "Items of lists that were filled from popular ones."),
)


def registry_of(metrics: Metrics, catalog: Catalog) -> CollectorRegistry:
    """Registry of one app, which is read anew each time it is asked."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Service(metrics, catalog))
    return registry


class _Service(Collector):
    def __init__(self, metrics: Metrics, catalog: Catalog) -> None:
        self._metrics = metrics
        self._catalog = catalog

    def collect(self) -> Iterable[Metric]:
        yield self._latency()
        totals = self._metrics.totals()
        for name, metric, help_text in _COUNTERS:
            yield CounterMetricFamily(f"likewise_{metric}", help_text, totals[name])
        in_flight = "Requests that are being answered."
        yield GaugeMetricFamily("likewise_requests_in_flight", in_flight, totals["in_flight"])
        yield from self._snapshots()

    def _latency(self) -> Metric:
        family = HistogramMetricFamily(
            "likewise_request_duration_seconds",
            "Seconds from a request's head to the end of its answer.",
            labels=("route", "status"),
        )
        for route, status, counts, seconds in self._metrics.latencies():
            family.add_metric((route, status), list(zip(_LE, counts, strict=True)), seconds)
        return family

    def _snapshots(self) -> Iterator[Metric]:
        age = GaugeMetricFamily(
            "likewise_snapshot_age_seconds",
            "Seconds since the served snapshot was built, by site.",
            labels=("site",),
        )
        refused = GaugeMetricFamily(
            "likewise_snapshot_refused",
            "1 where what is published of a site was refused and an older snapshot goes on.",
            labels=("site",),
        )
        now = datetime.now(UTC)
        for site, snapshot in sorted(self._catalog.snapshots.items()):
            age.add_metric((site,), (now - snapshot.site.generated_at).total_seconds())
        for state in self._catalog.states():
            refused.add_metric((state.site,), float(bool(state.faults)))
        yield age
        yield refused
