#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows a new version that gets a tenth of the requests, and the next one that is only compared with it.

usage: demo.py [--once] [--binary FILE]     (./scripts/demo http-canary builds the binary first)
"""

import http.client
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from stage import (  # noqa: E402
    READY_SECONDS_MAX, DemoFailed, Server, expect_equal, free_port, memory_of, perform, play, request)

REQUESTS = 1000
PRODUCTS = 100
USERS = [f"user-{number}" for number in range(300)]


class Client:
    """Somebody with one connection that is kept."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
        self.count = 0

    def ask(self, **fields):
        """Asks for one product after the other; returns the version that answered. Anything but 200 is a failure."""
        path = f"/products/{self.count % PRODUCTS}"
        self.count += 1
        self.connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in fields.items()})
        response = self.connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise DemoFailed(f"GET {path} answered {response.status}: {body.decode(errors='replace')}")
        return response.headers["X-Version"]


class Steady(threading.Thread):
    """Somebody who asks all the time, while something changes; `fail_if_it_did` says whether all went well."""

    def __init__(self, port):
        super().__init__()
        self.client, self.answers, self.failure, self.over = Client(port), Counter(), None, threading.Event()

    def run(self):
        while not self.over.is_set() and not self.failure:
            try:
                self.answers[self.client.ask()] += 1
            except (DemoFailed, OSError, http.client.HTTPException) as failure:
                self.failure = failure

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()

    def fail_if_it_did(self):
        if self.failure:
            raise DemoFailed(f"a request failed while the split changed: {self.failure}")


def answers(port):
    return request(port, "GET", "/")[0] == 200


class Ambassador(Server):
    """The file of this folder with ports that are free."""

    def __init__(self, binary, port, admin_port, versions, folder):
        self.binary, self.admin_port, self.file = binary, admin_port, folder / "outrigger.yaml"
        text = (HERE / "outrigger.yaml").read_text().replace("127.0.0.1:8081", f"127.0.0.1:{port}")
        for number, version in enumerate(versions, start=1):
            text = text.replace(f"127.0.0.1:700{number}", f"127.0.0.1:{version.port}")
        self.file.write_text(text)
        command = [str(binary), "run", "--config", str(self.file), "-M", str(admin_port)]
        super().__init__("ambassador", port, folder, command, answers)

    def edit_split(self, split):
        """Writes another split into the file, which is read again by itself."""
        self.file.write_text(re.sub(r"split: \{.*\}", f"split: {{{split}}}", self.file.read_text()))

    def routes(self, *words):
        """What `outrigger routes` prints."""
        command = [str(self.binary), "routes", *words, "--admin", f"127.0.0.1:{self.admin_port}"]
        found = subprocess.run(command, capture_output=True, text=True, timeout=30)
        if found.returncode != 0:
            raise DemoFailed(f"outrigger routes {' '.join(words)}: {found.stderr.strip()}")
        return found.stdout


def catalogue(version, port, folder):
    environment = {"PORT": str(port), "VERSION": version}
    return Server(version, port, folder, [sys.executable, str(HERE / "catalogue.py")], answers, environment)


def begin(narrator, versions, proxy):
    narrator.step("Three versions of a catalogue start, and the ambassador before them")
    for version in versions:
        narrator.done(f"{version.name} on port {version.port}", version.start())
    narrator.done(f"the ambassador on port {proxy.port}, as outrigger.yaml says", proxy.start())


def split(narrator, client):
    narrator.step(f"{REQUESTS:,} requests that say nothing of a user")
    expect_share(Counter(client.ask() for _ in range(REQUESTS)), 10)
    narrator.done("90 % went to v1 and 10 % to v2: not about so many, but exactly")


def expect_share(found, percent):
    """That v2 had its part; one or two more or less depend on where these requests begin and end in the count."""
    count = sum(found.values())
    expect_equal(count, found["v1"] + found["v2"], "the answers of v1 and v2")
    if abs(found["v2"] - count * percent / 100) > 2:
        raise DemoFailed(f"v2 answered {found['v2']} of {count} requests, not {percent} %")


def versions_of_users(client):
    return {user: client.ask(x_user=user) for user in USERS}


def stick(narrator, client):
    narrator.step(f"{len(USERS)} users ask three times each")
    before = versions_of_users(client)
    for _ in range(2):
        expect_equal(versions_of_users(client), before, "who answered each user")
    on_v2 = sum(version == "v2" for version in before.values())
    narrator.done(f"{on_v2} of them are on v2 ({on_v2 / len(USERS):.0%}), and each stays where it is, without a cookie")
    expect_equal(client.ask(x_version="v2"), "v2", "who answered a tester")
    narrator.done("a tester says `x-version: v2` and gets v2")
    return before


def compare(narrator, proxy):
    narrator.step("Nobody sees `next`, but it got a copy of each request, and its answers were compared")
    narrator.aside("$ outrigger routes compare web")
    deadline = time.monotonic() + READY_SECONDS_MAX
    while not differs(found := proxy.routes("compare", "web")):
        if time.monotonic() > deadline:
            raise DemoFailed(f"the comparison says something else:\n{found}")
        time.sleep(0.1)
    for line in found.splitlines():
        narrator.aside(line)
    narrator.done("it finds that `next` forgets the currency of some products")
    narrator.done("the time in each answer differs too, but it does so between two answers of one version: noise")


def differs(report):
    """Whether the mistake is called a difference, and the time noise."""
    lines = report.splitlines()
    return any("$.price.currency " in line and " different " in line for line in lines) \
        and any("$.served " in line and " noise " in line for line in lines)


def change(narrator, client, proxy, before):
    narrator.step("The weights change while requests flow")
    with Steady(proxy.port) as steady:
        narrator.aside("$ outrigger routes split web everything v1=50 v2=50")
        proxy.routes("split", "web", "everything", "v1=50", "v2=50")
        begun = steady.answers.copy()
        found = Counter(client.ask() for _ in range(REQUESTS))
        # The two take turns in one count, so that each for himself may find anything.
        expect_share(found + (steady.answers - begun), 50)
        narrator.done("by command: half of the requests go to v2")
        after = versions_of_users(client)
        moved = sum(after[user] != before[user] for user in USERS)
        expect_equal([user for user in USERS if before[user] == "v2" and after[user] != "v2"], [], "users who left v2")
        narrator.done(f"{moved} of {len(USERS)} users moved to v2, and none came back from it")

        proxy.edit_split("v1: 0, v2: 100")
        began = time.monotonic()
        while Counter(client.ask() for _ in range(10)) != {"v2": 10}:
            if time.monotonic() - began > READY_SECONDS_MAX:
                raise DemoFailed("the file has changed, and v1 still answers")
            time.sleep(0.05)
        narrator.done("by the file: all of them go to v2, without a restart", time.monotonic() - began)
    steady.fail_if_it_did()
    narrator.done(f"{steady.answers.total():,} requests of somebody else meanwhile, and none failed")
    narrator.aside(f"the ambassador takes {memory_of(proxy.process.pid):.0f} MiB of memory")


def commands(proxy):
    return (
        f"curl -si localhost:{proxy.port}/products/7",
        f"curl -si localhost:{proxy.port}/products/7 -H 'x-user: ada'",
        f"outrigger routes --admin 127.0.0.1:{proxy.admin_port}",
        f"outrigger routes compare web --admin 127.0.0.1:{proxy.admin_port}",
        f"outrigger routes split web everything v1=75 v2=25 --admin 127.0.0.1:{proxy.admin_port}",
        f"$EDITOR {proxy.file}",
        f"curl -s localhost:{proxy.admin_port}/metrics | grep outrigger_http_proxy",
    )


def run(arguments, narrator):
    with tempfile.TemporaryDirectory(prefix="outrigger-demo-") as name:
        folder, taken = Path(name), set()
        versions = [catalogue(version, free_port(wanted, taken), folder)
                    for version, wanted in (("v1", 7001), ("v2", 7002), ("next", 7003))]
        proxy = Ambassador(arguments.binary.resolve(), free_port(8081, taken), free_port(9090, taken), versions, folder)

        def show():
            begin(narrator, versions, proxy)
            client = Client(proxy.port)
            split(narrator, client)
            before = stick(narrator, client)
            compare(narrator, proxy)
            change(narrator, client, proxy, before)

        play(arguments, narrator, [proxy, *versions], show, commands(proxy))


if __name__ == "__main__":
    sys.exit(perform(__doc__.splitlines()[0], run))
