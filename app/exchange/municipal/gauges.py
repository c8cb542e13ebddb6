"""What monitoring is told of municipal reporting, read from the database when it asks: whichever process delivers."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select

from app.exchange.municipal.backlog import backlogs
from app.exchange.municipal.channels import Connections
from app.exchange.municipal.circuit import Circuit, Passage
from app.exchange.municipal.models import Channel, Contact
from app.kernel import calendar
from app.kernel.db import Database
from app.kernel.telemetry import Metrics

log = structlog.get_logger()

LATELY = timedelta(hours=1)
STATES = {Passage.CLOSED: 0, Passage.PROBE: 1, Passage.OPEN: 2}


def install(metrics: Metrics, database: Database, connections: Connections) -> None:
    """Tell of these channels among the metrics; of none where there are none."""
    if connections:
        metrics.registry.register(_Gauges(database, connections))


class _Gauges(Collector):
    def __init__(self, database: Database, connections: Connections) -> None:
        self.database = database
        self.connections = connections

    def describe(self) -> Iterator[Metric]:
        """Names are known without a database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        now = calendar.now()
        try:
            with self.database.reading() as connection:
                found = self._found(connection, now)
        except Exception as failure:  # what else is counted is wanted most when the database is away
            log.warning("gauges_failed", error=type(failure).__name__)
            return
        yield from found

    def _found(self, connection: Connection, now: datetime) -> list[Metric]:
        waiting = _gauge("backlog", "Records that wait to be sent")
        oldest = _gauge("oldest_seconds", "How long the oldest of them has waited")
        rejected = _gauge("rejected", "Records that the city has rejected and nobody has corrected")
        for one in backlogs(connection):
            if one.code in self.connections:
                waiting.add_metric([one.code], one.waiting)
                oldest.add_metric([one.code], (now - one.oldest).total_seconds() if one.oldest else 0)
                rejected.add_metric([one.code], one.rejected)
        circuit = _gauge("circuit", "0 closed, 1 half open, 2 open: nothing is sent")
        columns = select(Channel.code, Channel.failures, Channel.open_until, Channel.probing_until)
        for row in connection.execute(columns.where(Channel.code.in_(self.connections)).order_by(Channel.code)):
            passage = Circuit(row.failures, row.open_until, row.probing_until).passage(now)
            circuit.add_metric([row.code], STATES[passage])
        contacts = _gauge("contacts", "Exchanges with the city within the last hour", "outcome")
        counted = connection.execute(
            select(Channel.code, Contact.outcome, func.count())
            .join(Channel, Channel.id == Contact.channel_id)
            .where(Contact.started_at >= now - LATELY, Channel.code.in_(self.connections))
            .group_by(Channel.code, Contact.outcome)
            .order_by(Channel.code, Contact.outcome)
        )
        for code, outcome, many in counted:
            contacts.add_metric([code, outcome], many)
        return [waiting, oldest, rejected, circuit, contacts]


def _gauge(name: str, text: str, *more: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"zhaoshang_municipal_{name}", text, labels=["channel", *more])
