# SPDX-License-Identifier: Apache-2.0
"""`kill -9` of a publisher, a subscriber or a sidecar under load: does every acknowledged event come, and in order?

Goal: no acknowledged event is lost; events of one key come first in their order; what comes twice was in flight, or its
checkpoint not yet saved, when something was killed.
Method: a publisher counts up under each key and notes what was acknowledged; a subscriber notes each event before it
takes it. In turn the publisher, the subscriber, its sidecar and the publisher's sidecar are killed and started again.
"""

import random
import time
from dataclasses import dataclass

from harness.processes import MeasurementFailed
from harness.pubsub import CountingPublisher, NotingSubscriber, Sidecar

KEYS = 16
UPTIME_SECONDS = (0.3, 0.7)
# What comes twice first came at most so long before a kill: a call, or a checkpoint that waits for a flush of the disk.
UNSETTLED_SECONDS_MAX = 0.5
DRAIN_SECONDS_MAX = 30


def crash(bench, report):
    folder = bench.folder / "talk-crash"
    data = folder / "data"
    app = NotingSubscriber(folder)
    app.start()
    sidecars = [Sidecar(bench.binary, data, "publisher"), Sidecar(bench.binary, data, "subscriber", app.port)]
    publisher = CountingPublisher(folder, sidecars[0], KEYS)
    processes = sidecars + [publisher]
    kills = []
    try:
        for process in processes:
            process.start()
        sidecars[1].wait_until_subscribed()
        victims = [publisher, app, sidecars[1], sidecars[0]]
        for turn in range(bench.kills):
            victim = victims[turn % len(victims)]
            time.sleep(random.uniform(*UPTIME_SECONDS))
            began = time.time()
            # A process that waits for the disk ends when that has answered.
            victim.kill()
            kills.append(Kill(began, time.time(), victim.name))
            victim.start()
        time.sleep(UPTIME_SECONDS[1])
        publisher.kill()
        lost = wait_until_drained(publisher, app)
    finally:
        for process in processes + [app]:
            if process.process is not None:
                process.kill()
    judge(bench, report, Found(lost, publisher.acknowledged(), app.deliveries(), kills))


@dataclass(frozen=True)
class Kill:
    began: float
    ended: float
    victim: str

    def explains(self, when):
        """Whether an event that came at this time was in flight, or perhaps not yet in a saved checkpoint."""
        return self.began - UNSETTLED_SECONDS_MAX <= when <= self.ended


class Found:
    def __init__(self, lost, acknowledged, deliveries, kills):
        self.lost, self.acknowledged, self.kills = lost, acknowledged, kills
        first, self.disorder, self.duplicates, highest = {}, 0, [], {}
        for when, key, number in deliveries:
            if (key, number) in first:
                self.duplicates.append((key, number, first[key, number]))
                continue
            first[key, number] = when
            self.disorder += number < highest.get(key, 0)
            highest[key] = max(number, highest.get(key, 0))

    def blamed(self):
        """For each kill, how many events of before it came again; and those that no kill explains."""
        by_kill, unexplained = {}, []
        for key, number, when in self.duplicates:
            kill = next((kill for kill in self.kills if kill.explains(when)), None)
            if kill is None:
                unexplained.append((key, number, when))
            else:
                by_kill[kill] = by_kill.get(kill, 0) + 1
        return by_kill, unexplained


def wait_until_drained(publisher, app):
    """Acknowledged events that never came."""
    deadline = time.monotonic() + DRAIN_SECONDS_MAX
    while True:
        lost = publisher.acknowledged() - {(key, number) for _, key, number in app.deliveries()}
        if not lost or time.monotonic() > deadline:
            # A little longer, for what comes twice.
            time.sleep(0.5)
            return lost
        time.sleep(0.2)


def judge(bench, report, found):
    if not found.acknowledged:
        raise MeasurementFailed("nothing was acknowledged")
    by_kill, unexplained = found.blamed()
    for key, number in sorted(found.lost)[:10]:
        bench.say(f"{key} {number} is lost")
    for key, number, when in unexplained[:10]:
        before, victim = min(((kill.began - when, kill.victim) for kill in found.kills if kill.began > when),
                             default=(0, "nobody"))
        bench.say(f"{key} {number} came twice, first {before:.3f} s before {victim} was killed")
    for name in sorted({kill.victim for kill in found.kills}):
        counts = [count for kill, count in by_kill.items() if kill.victim == name]
        bench.say(f"{name} killed: {sum(counts)} came twice, at most {max(counts, default=0)} after one kill")
    text = f"kill -9 under load, {len(found.kills)} times"
    report.add(f"{text}: acknowledged and lost", f"{len(found.lost)} of {len(found.acknowledged):,}", "0", not found.lost)
    report.add(f"{text}: first deliveries of a key out of order", str(found.disorder), "0", found.disorder == 0)
    report.add(f"{text}: came twice without having been in flight", f"{len(unexplained)} of {len(found.duplicates)}", "0",
               not unexplained)
