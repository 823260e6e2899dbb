# SPDX-License-Identifier: Apache-2.0
"""Ten million events in the log and a thousand idle subscriptions, beside an empty log.

Goal: appends and deliveries at 80 % or more of the rate of an empty log; below 1 % of a core while nothing happens.
Method: the log is filled through the engine. Then the same load runs on both logs in turn: events for nobody, which is
the rate of appends, and events for a subscriber. The idle subscriptions are to the topics that hold the old events.
"""

import statistics
import subprocess
import time

from harness.processes import MeasurementFailed
from harness.pubsub import LoggingNginx, Sidecar
from scenarios.publish import KEYS, run

SUBSCRIPTIONS = 1_000
ROUNDS, SECONDS = 3, 4
RATIO_MIN = 0.8
IDLE_SHARE_MAX = 0.01


class Pair:
    """A publisher's and a subscriber's sidecar on one log."""

    def __init__(self, bench, data, resources=None):
        self.bench = bench
        self.app = LoggingNginx(bench.folder / f"{data.name}-app")
        self.app.start()
        self.publisher = Sidecar(bench.binary, data, "publisher")
        self.subscriber = Sidecar(bench.binary, data, "subscriber", self.app.port, resources)
        self.publisher.start()
        self.subscriber.start()
        self.subscriber.wait_until_subscribed(1 + (SUBSCRIPTIONS if resources else 0))

    def deliveries(self):
        return run(self.bench, self.publisher, self.subscriber, self.app, SECONDS, KEYS, 0)

    def appends(self):
        return run(self.bench, self.publisher, self.subscriber, self.app, SECONDS, KEYS, 0, topic="unheard")

    def cpu_seconds(self):
        return self.publisher.cpu_seconds() + self.subscriber.cpu_seconds()

    def stop(self):
        for process in (self.subscriber, self.publisher, self.app):
            process.kill()


def million(bench, report):
    full = bench.folder / "full"
    seed(bench, full)
    pairs = {"empty": Pair(bench, bench.folder / "empty")}
    try:
        pairs["full"] = Pair(bench, full, documents(bench.folder / "resources"))
        rates = {name: {"appends": [], "deliveries": []} for name in pairs}
        for turn in range(ROUNDS + 1):
            for name, pair in pairs.items():
                appended, delivered = pair.appends().publish_rate, pair.deliveries().delivery_rate
                # The first turn warms up.
                if turn > 0:
                    rates[name]["appends"].append(appended)
                    rates[name]["deliveries"].append(delivered)
        for kind in ("appends", "deliveries"):
            of_full, of_empty = (statistics.median(rates[name][kind]) for name in ("full", "empty"))
            bench.say(f"{kind}: {of_full:,.0f}/s beside {of_empty:,.0f}/s in an empty log")
            report.at_least(f"{bench.events_many:,} events, {SUBSCRIPTIONS:,} idle subscriptions: rate of {kind} "
                            "beside an empty log", of_full / of_empty, RATIO_MIN, "×")
        idle(bench, report, pairs["full"])
    finally:
        for pair in pairs.values():
            pair.stop()


def idle(bench, report, pair):
    time.sleep(5)
    before = pair.cpu_seconds()
    time.sleep(bench.idle_seconds)
    share = (pair.cpu_seconds() - before) / bench.idle_seconds
    report.at_most(f"the same, {bench.idle_seconds} s idle: share of a core, both sidecars", share * 100,
                   IDLE_SHARE_MAX * 100, " %", digits=3)


def seed(bench, data):
    if not bench.seeder.exists():
        raise MeasurementFailed(f"{bench.seeder} doesn't exist: swift build -c release --product EventLogSeed")
    began = time.monotonic()
    subprocess.run([bench.seeder, str(data), str(bench.events_many), str(SUBSCRIPTIONS)], check=True,
                   stdout=subprocess.DEVNULL)
    size = sum(file.stat().st_size for file in data.rglob("*") if file.is_file())
    bench.say(f"{bench.events_many:,} events in {time.monotonic() - began:.0f} s, {size / 1e9:.2f} GB")


def documents(folder):
    """Subscriptions of the old topics; nothing new comes there."""
    folder.mkdir()
    (folder / "subscriptions.yaml").write_text("---\n".join(f"""apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata: {{name: idle-{number}}}
spec:
  pubsubname: pubsub
  topic: old-{number}
  routes: {{default: /old}}
  metadata: {{startFrom: latest}}
""" for number in range(SUBSCRIPTIONS)))
    return folder
