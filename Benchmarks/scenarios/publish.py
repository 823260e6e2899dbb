# SPDX-License-Identifier: Apache-2.0
"""From a publish through one sidecar to the delivery by another.

Goal: 5,000 events/s sustained with 64 keys, p99 from publish to delivery below 50 ms, to one subscriber.
Method: wrk publishes at a constant rate through one sidecar; each event says when it was sent. nginx is the subscriber
beside the other sidecar and notes when each came, so neither the publisher nor the app is what is measured. The rate is
sustained if nothing is left over shortly after the end and the last quarter waits no longer than allowed.
"""

import time

from harness.load import Load
from harness.processes import MeasurementFailed
from harness.pubsub import TOPIC, LoggingNginx, Sidecar

CONNECTIONS = 64
KEYS = 64
RATE = 5_000
P99_MS = 50
# How long after the last publish the last event may come.
DRAIN_SECONDS_MAX = 0.5
# The rate of the load itself may be off by so much.
RATE_TOLERANCE = 0.98


class Delivered:
    """What one load came to."""

    def __init__(self, result, deliveries, cpu, drain_seconds):
        self.published, self.publish_p99_ms = result["requests"], result["p99_us"] / 1000
        self.publish_rate = result["requests"] / result["seconds"]
        self.count, self.drain_seconds = len(deliveries), drain_seconds
        self.delays_ms = sorted(delays(deliveries))
        self.last_quarter_ms = sorted(delays(deliveries[len(deliveries) * 3 // 4:]))
        span = deliveries[-1][0] - deliveries[0][0] if deliveries else 0
        self.delivery_rate = len(deliveries) / span if span > 0 else 0
        self.publisher_us, self.subscriber_us = (seconds / result["requests"] * 1e6 for seconds in cpu)

    def sentence(self):
        return (f"{self.publish_rate:,.0f} published/s, {self.delivery_rate:,.0f} delivered/s, publish to delivery p50 "
                f"{quantile(self.delays_ms, 0.5):.1f} ms, p99 {quantile(self.delays_ms, 0.99):.1f} ms (last quarter "
                f"{quantile(self.last_quarter_ms, 0.99):.1f} ms), drained in {self.drain_seconds:.2f} s, CPU per event "
                f"{self.publisher_us:.0f} µs publishing + {self.subscriber_us:.0f} µs delivering")


def delays(deliveries):
    return [(came - sent) * 1000 for came, sent in deliveries]


def quantile(values, fraction):
    return values[min(int(len(values) * fraction), len(values) - 1)] if values else 0.0


def publish(bench, report):
    data = bench.folder / "publish"
    app = LoggingNginx(bench.folder / "publish-app")
    with app, Sidecar(bench.binary, data, "publisher") as publisher, \
            Sidecar(bench.binary, data, "subscriber", app.port) as subscriber:
        subscriber.wait_until_subscribed()
        pair = (publisher, subscriber, app)
        run(bench, *pair, 2, KEYS, RATE)
        keyed = run(bench, *pair, bench.publish_seconds, KEYS, RATE)
        unkeyed = run(bench, *pair, bench.publish_seconds, 0, RATE)
        limit = run(bench, *pair, bench.publish_seconds, KEYS, 0)
    add_bars(report, keyed)
    report.add("the same without keys, one at a time", unkeyed.sentence(), "a figure", None)
    report.add(f"as fast as {CONNECTIONS} connections publish, {KEYS} keys", limit.sentence(), "a figure", None)


def add_bars(report, keyed):
    p99, last = quantile(keyed.delays_ms, 0.99), quantile(keyed.last_quarter_ms, 0.99)
    is_sustained = (keyed.publish_rate >= RATE * RATE_TOLERANCE and keyed.drain_seconds <= DRAIN_SECONDS_MAX
                    and last <= max(P99_MS, 2 * p99))
    report.add(f"publish to delivery, {KEYS} keys, {RATE:,} events/s: sustained", keyed.sentence(),
               f"drained ≤ {DRAIN_SECONDS_MAX} s", is_sustained)
    report.at_most(f"publish to delivery, {KEYS} keys, {RATE:,} events/s: p99", p99, P99_MS, " ms", digits=1)


def run(bench, publisher, subscriber, app, seconds, keys, rate, topic=TOPIC):
    """Publishes, and waits until every event has come, if the topic has a subscriber."""
    app.forget()
    cpu = [server.cpu_seconds() for server in (publisher, subscriber)]
    load = Load("publish.lua", CONNECTIONS, seconds)
    load.arguments = [str(keys), str(rate)]
    result = Load.finish(load.begin(publisher.url(f"/v1.0/publish/pubsub/{topic}")))
    ended = time.time()
    deliveries = wait_for(app, result["requests"]) if topic == TOPIC else []
    cpu = [server.cpu_seconds() - before for server, before in zip((publisher, subscriber), cpu)]
    found = Delivered(result, deliveries, cpu, max(deliveries[-1][0] - ended, 0) if deliveries else 0)
    bench.say(f"{keys} keys, {rate or 'any number'} a second: {found.sentence()}")
    return found


def wait_for(app, count):
    """The deliveries, once there are as many as were acknowledged; wrk gives up on the last of those that it sends."""
    deadline = time.monotonic() + 60
    while True:
        deliveries = app.deliveries()
        if len(deliveries) >= count:
            time.sleep(0.3)
            return app.deliveries()
        if time.monotonic() > deadline:
            raise MeasurementFailed(f"{len(deliveries):,} of {count:,} events came")
        time.sleep(0.25)
