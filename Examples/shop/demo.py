#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows apps that talk through sidecars: orders flow, one app is killed and catches up, one order is poison.

usage: demo.py [--once] [--binary FILE]     (./scripts/demo builds the binary first)
"""

import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from stage import DemoFailed, Sidecar, expect_equal, memory_of, perform, play  # noqa: E402

CUSTOMERS = ("ada", "bob", "cem")
# What each customer orders, one after the other; the second half while the mailer is gone.
ORDERS = ({"apple": 4}, {"bread": 1, "cheese": 1}, {"cheese": 3}, {"tractor": 1}, {"apple": 10}, {"bread": 2})
ORDERS_BEFORE_KILL = 2
# Bob's fourth order has an address that no mail server takes.
POISON = "bob-4"
POISON_TRIES = 4
CATCH_UP_SECONDS_MAX = 30


class Shop:
    """The three apps, each beside its sidecar, and what the demo knows of their orders."""

    def __init__(self, binary, data):
        taken = set()

        def beside(name, number, *flags):
            ports = (8080 + number, 3500 + number, 9090 + number)
            return Sidecar(name, HERE / f"{name}.py", binary, data, ports, taken, flags)

        self.binary = binary
        self.cart, self.orders = beside("cart", 0), beside("orders", 1)
        self.mailer = beside("mailer", 2, "-d", HERE / "resources")
        self.all = (self.cart, self.orders, self.mailer)
        self.placed = {customer: [] for customer in CUSTOMERS}

    def start(self):
        began = time.monotonic()
        for sidecar in self.all:
            sidecar.launch()
        for sidecar in self.all:
            sidecar.wait_until_ready(began)
        return time.monotonic() - began

    def order(self, customer, items):
        """Fills the customer's cart and checks out."""
        for item, quantity in items.items():
            self.cart.ask("POST", f"/cart/{customer}", {"item": item, "quantity": quantity})
        number = len(self.placed[customer]) + 1
        at = " at " if f"{customer}-{number}" == POISON else "@"
        placed = self.cart.ask("POST", f"/cart/{customer}/checkout", {"mail": f"{customer}{at}example.org"})
        self.placed[customer].append(placed["order"])

    def order_all(self, baskets, wait=0.0):
        """The customers order beside each other, each one basket after the other."""
        def shop(customer):
            for items in baskets:
                self.order(customer, items)
                time.sleep(wait)

        with ThreadPoolExecutor(len(CUSTOMERS)) as pool:
            for shopping in [pool.submit(shop, customer) for customer in CUSTOMERS]:
                shopping.result()

    def paths(self):
        """What became of each order so far, customer by customer in the order of their checkouts."""
        paths = []
        for customer in CUSTOMERS:
            box = self.mailer.ask("GET", f"/mails/{customer}")
            sent = {mail["order"]: mail for mail in box["sent"]}
            for order in self.orders.ask("GET", f"/orders/{customer}"):
                paths.append(OrderPath(order, sent.get(order["id"]), box["tries"].get(order["id"], 0)))
        return paths

    def wait_until_settled(self):
        """Waits until every order ended somewhere; returns their paths."""
        deadline = time.monotonic() + CATCH_UP_SECONDS_MAX
        while time.monotonic() < deadline:
            paths = self.paths()
            if all(path.end for path in paths):
                return paths
            time.sleep(0.05)
        lost = ", ".join(path.order["id"] for path in paths if not path.end)
        raise DemoFailed(f"after {CATCH_UP_SECONDS_MAX} s these went nowhere: {lost}\n{self.mailer.last_words()}")

    def check(self, paths):
        """Nothing lost, nothing doubled, each customer's order kept, and only the poison among the dead letters."""
        for customer in CUSTOMERS:
            placed = self.placed[customer]
            expect_equal([path.order["id"] for path in paths if path.customer == customer], placed,
                         f"what orders keeps for {customer}")
            mails = [mail["order"] for mail in self.mailer.ask("GET", f"/mails/{customer}")["sent"]]
            expect_equal(mails, [order for order in placed if order != POISON], f"the mails to {customer}")
        dead = [path for path in paths if path.dead]
        expect_equal([path.order["id"] for path in dead], [POISON], "the dead letters")
        # A try that the kill cut off may not have been counted, or its answer was lost and it came again.
        if not POISON_TRIES <= dead[0].tries <= POISON_TRIES + 1:
            raise DemoFailed(f"{POISON} was tried {dead[0].tries} times, expected {POISON_TRIES}")


class OrderPath:
    """Where one order was, and when."""

    def __init__(self, order, mail, tries):
        self.order, self.customer, self.mail, self.tries = order, order["customer"], mail, tries
        self.dead = order.get("undelivered")
        self.end = mail or self.dead

    @property
    def published(self):
        return datetime.fromisoformat(self.end["published"].replace("Z", "+00:00"))

    @property
    def ended(self):
        return datetime.fromtimestamp(self.end["at"], timezone.utc)

    def cells(self):
        took = (self.ended - self.published).total_seconds() * 1000
        return [self.order["id"], f"{self.order['total']:.2f}", clock(self.published), clock(self.ended),
                f"{took:.0f} ms", str(self.tries), "dead letter" if self.dead else f"mail ({self.mail['route']})"]


def clock(moment):
    return moment.astimezone().strftime("%H:%M:%S.%f")[:-3]


def print_table(narrator, paths):
    head = ["order", "total", "published", "settled", "after", "tries", "how it ended"]
    rows = [path.cells() for path in paths]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    right = (1, 4, 5)

    def line(cells):
        padded = (cell.rjust(width) if column in right else cell.ljust(width)
                  for column, (cell, width) in enumerate(zip(cells, widths)))
        return "  ".join(padded).rstrip()

    narrator.line(narrator.style("bold", line(head)))
    for path, row in zip(paths, rows):
        narrator.line(narrator.style("yellow", line(row)) if path.dead or path.tries > 1 else line(row))


def show(narrator, shop):
    narrator.step("Three apps start, each beside a sidecar")
    for sidecar in shop.all:
        narrator.aside(f"$ {sidecar.command_for_people()}")
    narrator.done("cart, orders and mailer are ready", shop.start())

    narrator.step("Customers order: client → cart → (invocation) → orders → (event) → mailer")
    began = time.monotonic()
    shop.order_all(ORDERS[:ORDERS_BEFORE_KILL])
    shop.wait_until_settled()
    count = sum(map(len, shop.placed.values()))
    narrator.done(f"{count} orders taken, {count} mails sent", time.monotonic() - began)

    narrator.step("The mailer and its sidecar are killed (SIGKILL) while customers go on ordering")
    with ThreadPoolExecutor(1) as pool:
        ordering = pool.submit(shop.order_all, ORDERS[ORDERS_BEFORE_KILL:], 0.05)
        time.sleep(0.04)
        pids = shop.mailer.process.pid, shop.mailer.app
        shop.mailer.kill()
        gone = datetime.now(timezone.utc)
        ordering.result()
    taken = sum(map(len, shop.placed.values())) - count
    narrator.done(f"sidecar {pids[0]} and app {pids[1]} are gone; nobody could tidy up")
    narrator.done(f"{taken} more orders were taken all the same; one has a mail address that is none: {POISON}")

    narrator.step("The mailer comes back, and gets what it missed")
    _, ready = shop.mailer.start()
    narrator.done("ready again", ready)
    narrator.aside(f"it was gone from {clock(gone)} to {clock(datetime.now(timezone.utc))}")
    began = time.monotonic()
    paths = shop.wait_until_settled()
    narrator.done("every order has ended somewhere", time.monotonic() - began)
    narrator.done(f"{POISON} was tried {POISON_TRIES} times, then orders found it in the topic orders-dead; "
                  "only bob's next orders waited for that")

    narrator.step("The path of each order")
    print_table(narrator, paths)
    shop.check(paths)
    narrator.done("nothing lost, no mail twice, each customer's order kept")

    narrator.step("What the sidecars say of it")
    command = ["pubsub", "--data-dir", str(shop.mailer.data)]
    narrator.aside(f"$ outrigger {' '.join(command)}")
    said = subprocess.run([str(shop.binary), *command], capture_output=True, text=True, timeout=30)
    expect_equal(said.returncode, 0, f"the status of outrigger pubsub ({said.stderr.strip()})")
    for line in said.stdout.splitlines():
        if line:
            narrator.line(line)
        else:
            print()
    memory = ", ".join(f"{memory_of(sidecar.process.pid):.0f}" for sidecar in shop.all)
    narrator.aside(f"the sidecars take {memory} MiB of memory")


def commands(shop):
    cart, orders, mailer = shop.all
    return (
        f"""curl localhost:{cart.app_port}/cart/dee -d '{{"item": "cheese", "quantity": 2}}'""",
        f"""curl localhost:{cart.app_port}/cart/dee/checkout -d '{{"mail": "dee@example.org"}}'""",
        f"curl localhost:{orders.app_port}/orders/dee",
        f"curl localhost:{mailer.app_port}/mails/dee",
        f"curl localhost:{mailer.admin_port}/admin/pubsub",
        f"curl -s localhost:{mailer.admin_port}/metrics | grep outrigger_pubsub_",
        f"tail -f {mailer.log}",
    )


def run(arguments, narrator):
    with tempfile.TemporaryDirectory(prefix="outrigger-demo-") as folder:
        shop = Shop(arguments.binary, Path(folder) / "data")
        play(arguments, narrator, shop.all, lambda: show(narrator, shop), commands(shop))


if __name__ == "__main__":
    sys.exit(perform(__doc__.splitlines()[0], run))
