#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows the cart beside its sidecar: real requests, a violent end, and the cart still there.

usage: demo.py [--once] [--binary FILE]     (./scripts/demo builds the binary first)
"""

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from stage import Sidecar, expect_equal, memory_of, perform, play  # noqa: E402

SHOPPERS = 20


def items_of(cart, method, path, body=None):
    return cart.ask(method, path, body)["items"]


def show(narrator, cart):
    narrator.step("A sidecar and the app beside it start")
    narrator.aside(f"$ {cart.command_for_people()}")
    served, ready = cart.start()
    narrator.done("the sidecar serves its API", served)
    narrator.done("the app has opened its port and the sidecar is ready", ready)

    narrator.step("Somebody goes shopping")
    for item, quantity in (("apple", 2), ("bread", 1), ("cheese", 1)):
        began = time.monotonic()
        items_of(cart, "POST", "/cart/ada", {"item": item, "quantity": quantity})
        narrator.done(f"POST /cart/ada  {quantity} × {item}", time.monotonic() - began)

    narrator.step(f"{SHOPPERS} requests change the same cart at the same time")
    began = time.monotonic()
    with ThreadPoolExecutor(SHOPPERS) as pool:
        orders = [pool.submit(items_of, cart, "POST", "/cart/ada", {"item": "egg"}) for _ in range(SHOPPERS)]
        for order in orders:
            order.result()
    wanted = {"apple": 2, "bread": 1, "cheese": 1, "egg": SHOPPERS}
    expect_equal(items_of(cart, "GET", "/cart/ada"), wanted, "the cart")
    narrator.done(f"{SHOPPERS} eggs in it: ETags let no change get lost", time.monotonic() - began)

    narrator.step("Sidecar and app are killed (SIGKILL)")
    sidecar, app = cart.process.pid, cart.app
    cart.kill()
    narrator.done(f"sidecar {sidecar} and app {app} are gone; nobody could tidy up")

    narrator.step("They come back")
    _, ready = cart.start()
    narrator.done(f"ready again as sidecar {cart.process.pid} and app {cart.app}", ready)
    found = items_of(cart, "GET", "/cart/ada")
    expect_equal(found, wanted, "the cart after the kill")
    narrator.done("the cart is intact: " + ", ".join(f"{count} × {item}" for item, count in found.items()))
    narrator.aside(f"the sidecar takes {memory_of(cart.process.pid):.0f} MiB of memory")


def commands(cart):
    return (
        f"curl localhost:{cart.app_port}/cart/ada",
        f"""curl localhost:{cart.app_port}/cart/ada -d '{{"item": "pear", "quantity": 3}}'""",
        f"curl -X DELETE localhost:{cart.app_port}/cart/ada/egg",
        f"curl -i localhost:{cart.api_port}/v1.0/state/statestore/cart-ada      # the same, as the sidecar keeps it",
        f"curl localhost:{cart.api_port}/v1.0/metadata",
        f"curl -s localhost:{cart.admin_port}/metrics | grep outrigger_",
        f"tail -f {cart.log}",
    )


def run(arguments, narrator):
    with tempfile.TemporaryDirectory(prefix="outrigger-demo-") as folder:
        cart = Sidecar("cart", HERE / "cart.py", arguments.binary, Path(folder) / "data", (8080, 3500, 9090), set())
        play(arguments, narrator, [cart], lambda: show(narrator, cart), commands(cart))


if __name__ == "__main__":
    sys.exit(perform(__doc__.splitlines()[0], run))
