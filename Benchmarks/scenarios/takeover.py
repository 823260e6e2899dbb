# SPDX-License-Identifier: Apache-2.0
"""One of three instances is killed under load.

Goal: its partitions are taken over within 2 s, and the events of each key still come in order.
Method: 64 keys are published all the time, each several times a second. For each key that the killed instance served,
the gap is the time from the kill to the key's next event at another instance.
"""

import time

from harness.processes import MeasurementFailed
from harness.pubsub import CountingPublisher, NotingSubscriber, Sidecar
from scenarios.pubsub_crash import Found, wait_until_drained

INSTANCES = 3
KEYS = 64
RATE = 640
SECONDS_BEFORE, SECONDS_AFTER = 4, 5
GAP_SECONDS_MAX = 2


def takeover(bench, report):
    gaps, found = [], []
    for turn in range(bench.takeovers):
        one_gaps, one_found = one_takeover(bench, bench.folder / f"takeover-{turn}")
        gaps += one_gaps
        found.append(one_found)
        bench.say(f"{len(one_gaps)} keys were taken over, the last after {max(one_gaps):.2f} s; "
                  f"{len(one_found.repeated)} events came twice")
    report.at_most(f"{INSTANCES} instances, one killed {bench.takeovers} times: longest takeover", max(gaps),
                   GAP_SECONDS_MAX, " s")
    disorder, lost = sum(one.disorder for one in found), sum(len(one.lost) for one in found)
    count = sum(len(one.acknowledged) for one in found)
    report.add(f"{INSTANCES} instances, one killed: lost or out of order", f"{lost} and {disorder} of {count:,}", "0",
               lost == 0 and disorder == 0)


def one_takeover(bench, folder):
    apps = [NotingSubscriber(folder, number) for number in range(INSTANCES)]
    front = Sidecar(bench.binary, folder / "data", "publisher")
    publisher = CountingPublisher(folder, front, KEYS, RATE)
    sidecars = []
    try:
        for app in apps:
            app.start()
            sidecars.append(Sidecar(bench.binary, folder / "data", "workers", app.port))
        front.start()
        for sidecar in sidecars:
            sidecar.start()
        for sidecar in sidecars:
            sidecar.wait_until_subscribed()
        publisher.start()
        time.sleep(SECONDS_BEFORE)
        sidecars[0].kill()
        killed = time.time()
        time.sleep(SECONDS_AFTER)
        publisher.kill()
        everything = Everything(apps)
        lost = wait_until_drained(publisher, everything)
    finally:
        for process in [front, publisher] + sidecars + apps:
            if process.process is not None:
                process.kill()
    return gaps_of(apps, killed), Found(lost, publisher.acknowledged(), everything.deliveries())


class Everything:
    """The deliveries of all instances in the order of their times."""

    def __init__(self, apps):
        self.apps = apps

    def deliveries(self):
        return sorted(delivery for app in self.apps for delivery in app.deliveries())


def gaps_of(apps, killed):
    """For each key that was the first instance's in the last second before the kill: how long until another had it."""
    keys = {key for when, key, _ in apps[0].deliveries() if killed - 1 <= when}
    if not keys:
        raise MeasurementFailed("the killed instance served no key")
    gaps = []
    for key in keys:
        later = [when for app in apps[1:] for when, other, _ in app.deliveries() if other == key and when >= killed]
        gaps.append(min(later) - killed if later else float("inf"))
    return gaps
