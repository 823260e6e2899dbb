# SPDX-License-Identifier: Apache-2.0
"""`kill -9` of a publisher, a subscriber or a sidecar under load: does every acknowledged event come, and in order?

Goal: no acknowledged event is lost; events of one key come first in their order; what comes twice was in flight, or its
checkpoint not yet saved, when something was killed.
Method: a publisher counts up under each key and notes what was acknowledged; a subscriber notes each event before it
answers, and again when it has. In random turns the publisher, the subscriber and their sidecars are killed and started
again. After a kill of the subscriber's sidecar the saved checkpoints are read: what they cover must not come again.
After one of the subscriber, what it has answered must not.
"""

import random
import time
from dataclasses import dataclass

from harness.processes import MeasurementFailed
from harness.pubsub import TOPIC, CountingPublisher, NotingSubscriber, Sidecar
from harness.stored import SavedCheckpoints, positions_of_numbers

KEYS = 16
UPTIME_SECONDS = (0.3, 0.7)
# An app whose sidecar is killed may note the events in flight after that.
CALL_SECONDS_MAX = 0.5
DRAIN_SECONDS_MAX = 30
CONSUMER = f"group/pubsub/subscriber/{TOPIC}"


@dataclass
class Kill:
    began: float
    ended: float
    victim: str
    # Only of the subscriber's sidecar.
    saved: SavedCheckpoints | None = None
    repeated: int = 0

    def explains(self, again):
        """Whether an event came again because of this kill."""
        if self.saved is not None:
            return (again.second >= self.began and again.first <= self.ended + CALL_SECONDS_MAX
                    and not self.saved.cover(again.key, again.position))
        # The app takes events until it is dead, and so some after the kill has begun.
        return (self.victim == NotingSubscriber.name and again.first <= self.ended <= again.second
                and not again.was_answered)


@dataclass
class Again:
    """An event that came twice, when, and whether the app had answered before."""

    key: str
    number: int
    position: int
    first: float
    second: float
    was_answered: bool


class Found:
    """What a run came to."""

    def __init__(self, lost, acknowledged, deliveries, answered=frozenset(), positions=None):
        self.lost, self.acknowledged, self.count = lost, acknowledged, len(deliveries)
        self.disorder, self.repeated = 0, []
        last, highest = {}, {}
        for when, key, number in deliveries:
            if (key, number) in last:
                position = (positions or {}).get((key, number), 0)
                first = last[key, number]
                self.repeated.append(Again(key, number, position, first, when, (first, key, number) in answered))
            else:
                self.disorder += number < highest.get(key, 0)
                highest[key] = max(number, highest.get(key, 0))
            last[key, number] = when


def crash(bench, report):
    folder = bench.folder / "talk-crash"
    data = folder / "data"
    app = NotingSubscriber(folder)
    app.start()
    front, beside = Sidecar(bench.binary, data, "publisher"), Sidecar(bench.binary, data, "subscriber", app.port)
    publisher = CountingPublisher(folder, front, KEYS)
    victims = [publisher, app, beside, front]
    turns = [victim for _ in range(-(-bench.kills // len(victims))) for victim in random.sample(victims, len(victims))]
    try:
        for process in (front, beside, publisher):
            process.start()
        beside.wait_until_subscribed()
        kills = [kill(victim, beside) for victim in turns[:bench.kills]]
        time.sleep(UPTIME_SECONDS[1])
        publisher.kill()
        lost = wait_until_drained(publisher, app)
    finally:
        for process in victims:
            if process.process is not None:
                process.kill()
    judge(bench, report, kills,
          Found(lost, publisher.acknowledged(), app.deliveries(), app.answered(), positions_of_numbers(data)))


def kill(victim, beside):
    """Lets the load go on for a while, kills one process, and starts it again."""
    time.sleep(random.uniform(*UPTIME_SECONDS))
    began = time.time()
    # A process that waits for the disk ends when that has answered.
    victim.kill()
    killed = Kill(began, time.time(), victim.name)
    if victim is beside:
        killed.saved = SavedCheckpoints(victim.data, CONSUMER)
    victim.start()
    return killed


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


def blame(kills, repeated):
    """Counts for each kill what came twice because of it; returns what no kill explains."""
    unexplained = []
    # What the checkpoints say is exact, so they are asked first.
    exact_first = sorted(kills, key=lambda kill: kill.saved is None)
    for again in repeated:
        kill = next((kill for kill in exact_first if kill.explains(again)), None)
        # An app has one event of each key at a time.
        if kill is None or (kill.saved is None and kill.repeated == KEYS):
            unexplained.append(again)
        else:
            kill.repeated += 1
    return unexplained


def judge(bench, report, kills, found):
    if not found.acknowledged:
        raise MeasurementFailed("nothing was acknowledged")
    unexplained = blame(kills, found.repeated)
    for victim in sorted({kill.victim for kill in kills}):
        own = [kill.repeated for kill in kills if kill.victim == victim]
        bench.say(f"{victim} killed {len(own)} times: {sum(own)} events came twice, at most {max(own)} after one kill")
    for key, number in sorted(found.lost)[:10]:
        bench.say(f"{key} {number} is lost")
    for again in unexplained[:10]:
        bench.say(f"no kill explains why it came twice: {again}")
    text = f"kill -9 under load, {len(kills)} times"
    report.add(f"{text}: acknowledged and lost", f"{len(found.lost)} of {len(found.acknowledged):,}", "0",
               not found.lost)
    report.add(f"{text}: first deliveries of a key out of order", str(found.disorder), "0", found.disorder == 0)
    report.add(f"{text}: came twice, neither in flight nor unsaved", f"{len(unexplained)} of {len(found.repeated)}",
               "0", not unexplained)
