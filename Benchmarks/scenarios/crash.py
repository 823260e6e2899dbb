# SPDX-License-Identifier: Apache-2.0
"""`kill -9` under load: is every acknowledged write there, and every transaction whole?

Goal: no acknowledged write is lost and no transaction half applied, however the sidecar dies.
Method: writers save new keys, change one key again and again, and change two keys in one transaction; each notes a
number before it sends and again when it is acknowledged. After the kill the sidecar starts on the same folder, and for
each key the number found must lie between the acknowledged and the sent one.
"""

import http.client
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from harness.processes import MeasurementFailed, Outrigger

WRITERS_OF_A_KIND = 8
UPTIME_SECONDS = (0.05, 0.4)
BULK_KEYS = 500


class Writer:
    """One connection that writes rising numbers until the sidecar dies."""

    def __init__(self, name):
        self.name = name
        self.sent = 0
        self.acknowledged = 0

    def run(self, port, begin):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        begin.wait()
        try:
            while True:
                self.sent += 1
                path, body = self.request(self.sent)
                connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
                response = connection.getresponse()
                answer = response.read()
                if response.status != 204:
                    words = answer.decode(errors="replace")[:200]
                    raise MeasurementFailed(f"{path} answered {response.status}: {words}")
                self.acknowledged = self.sent
        except (OSError, http.client.HTTPException):
            pass  # The kill; what was sent last may have been applied or not.
        finally:
            connection.close()

    def check_number(self, key, found):
        number = 0 if found is None else found
        if not self.acknowledged <= number <= self.sent:
            return [f"{key} has {number}, acknowledged {self.acknowledged}, sent {self.sent}"]
        return []


class NewKeys(Writer):
    """Saves each number under a key of its own."""

    def request(self, number):
        return "/v1.0/state/statestore", [{"key": f"{self.name}-{number}", "value": number}]

    def keys(self):
        return [f"{self.name}-{number}" for number in range(1, self.acknowledged + 1)]

    def problems(self, values):
        return [f"{key} is lost" for number, key in enumerate(self.keys(), 1) if values.get(key) != number]


class OneKey(Writer):
    """Saves each number under the same key."""

    def request(self, number):
        return "/v1.0/state/statestore", [{"key": self.name, "value": number}]

    def keys(self):
        return [self.name]

    def problems(self, values):
        return self.check_number(self.name, values.get(self.name))


class Transaction(Writer):
    """Puts each number under two keys in one transaction."""

    def request(self, number):
        operations = [{"operation": "upsert", "request": {"key": key, "value": number}} for key in self.keys()]
        return "/v1.0/state/statestore/transaction", {"operations": operations}

    def keys(self):
        return [f"{self.name}-left", f"{self.name}-right"]

    def problems(self, values):
        left, right = (values.get(key) for key in self.keys())
        if left != right:
            return [f"{self.name} is half applied: {left} and {right}"]
        return self.check_number(self.name, left)


def crash(bench, report):
    """The sidecar is killed under load, again and again, on one data directory."""
    server = Outrigger(bench.binary, bench.folder / "crash")
    problems, acknowledged = [], 0
    server.start()
    try:
        for turn in range(bench.kills):
            writers = one_life(server, turn)
            server.start()
            problems += check(server, writers)
            acknowledged += sum(writer.acknowledged for writer in writers)
            if turn % 10 == 9:
                bench.say(f"{turn + 1} kills, {acknowledged:,} acknowledged writes")
    finally:
        server.stop()
    for problem in problems[:10]:
        bench.say(problem)
    report.add(f"kill -9 under load, {bench.kills} times: lost or half applied", f"{len(problems)} of {acknowledged:,}",
               "0", not problems and acknowledged > 0)


def one_life(server, turn):
    """Writes until the sidecar is killed after a random time."""
    writers = [kind(f"{kind.__name__}-{turn}-{number}") for kind in (NewKeys, OneKey, Transaction)
               for number in range(WRITERS_OF_A_KIND)]
    begin = threading.Event()
    with ThreadPoolExecutor(len(writers)) as pool:
        running = [pool.submit(writer.run, server.port, begin) for writer in writers]
        begin.set()
        time.sleep(random.uniform(*UPTIME_SECONDS))
        server.kill()
        for writer in running:
            writer.result()
    return writers


def check(server, writers):
    """What is wrong with the store after a life, as sentences."""
    keys = [key for writer in writers for key in writer.keys()]
    values = {}
    for first in range(0, len(keys), BULK_KEYS):
        status, body = server.request("POST", "/v1.0/state/statestore/bulk", {"keys": keys[first:first + BULK_KEYS]})
        if status != 200:
            raise MeasurementFailed(f"a bulk read answered {status}: {body.decode(errors='replace')[:200]}")
        values.update({item["key"]: item.get("data") for item in json.loads(body)})
    return [problem for writer in writers for problem in writer.problems(values)]
