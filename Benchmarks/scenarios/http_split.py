# SPDX-License-Identifier: Apache-2.0
"""Whether a split keeps its percentage, and whether each user stays on one side of a sticky one."""

import random
import socket
from contextlib import ExitStack

from harness.http_proxies import WEIGHTS, AmbassadorHTTP, backends
from scenarios.http_idle import answer

CONNECTIONS = 64
REQUESTS_PER_USER = 2
POINTS_MAX = 0.5


def split(bench, report):
    """As many requests without users, and with users who ask several times each."""
    count = bench.split_requests
    users = [f"user-{number}" for number in range(count // REQUESTS_PER_USER)] * REQUESTS_PER_USER
    # In the same order each time, users would meet the same turn of a split that doesn't know them.
    random.Random(1).shuffle(users)
    with backends(bench) as versions, AmbassadorHTTP(bench, versions) as by_weight, \
            AmbassadorHTTP(bench, versions, name="sticky", route="sticky: {header: x-user}") as sticky:
        anybody = sides(by_weight.port, [None] * count)
        known = sides(sticky.port, users)
    report_share(report, f"{count:,} requests: off a 90/10 split by", anybody)
    what = f"{count:,} requests of {count // REQUESTS_PER_USER:,} users, sticky: off a 90/10 split by"
    report_share(report, what, known)
    seen = {}
    for user, side in zip(users, known):
        seen.setdefault(user, set()).add(side)
    moved = sum(len(both) > 1 for both in seen.values())
    report.add(f"{len(seen):,} users, sticky: seen on both sides", f"{moved}", "none", moved == 0)


def report_share(report, what, found):
    share = found.count("v1") / len(found) * 100
    report.at_most(what, abs(share - WEIGHTS["v1"]), POINTS_MAX, " points", digits=3)


def sides(port, users):
    """Who answered each request, in the order in which they were asked."""
    found = []
    with ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
                       for _ in range(CONNECTIONS)]
        for begin in range(0, len(users), CONNECTIONS):
            asked = list(zip(connections, users[begin:begin + CONNECTIONS]))
            for connection, user in asked:
                connection.sendall(request_of(user))
            found += [answer(connection).split()[0].decode() for connection, _ in asked]
    return found


def request_of(user):
    field = f"x-user: {user}\r\n" if user else ""
    return f"GET / HTTP/1.1\r\nHost: shop.example\r\n{field}\r\n".encode()
