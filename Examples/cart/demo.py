#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows the cart beside its sidecar: real requests, a violent end, and the cart still there.

usage: demo.py [--once] [--binary FILE]     (./scripts/demo builds the binary first)
"""

import argparse
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
READY_SECONDS_MAX = 30
STOP_SECONDS_MAX = 15
SHOPPERS = 20


class DemoFailed(Exception):
    """What the demo promised didn't happen."""


class Narrator:
    """Prints what happens; plain text when nobody watches on a terminal."""

    def __init__(self):
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.codes = {"bold": "1", "green": "32", "red": "31", "dim": "2"} if colour else {}

    def style(self, name, text):
        return f"\033[{self.codes[name]}m{text}\033[0m" if name in self.codes else text

    def step(self, number, text):
        print(f"\n{self.style('bold', f'{number}. {text}')}", flush=True)

    def done(self, text, seconds=None):
        took = "" if seconds is None else self.style("dim", f"  {seconds * 1000:.0f} ms")
        print(f"   {self.style('green', '✓')} {text}{took}", flush=True)

    def line(self, text):
        print(f"   {text}", flush=True)

    def failed(self, text):
        print(f"   {self.style('red', '✗')} {text}", flush=True)


def request(port, method, path, body=None):
    """The status and the body of one request on loopback."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def free_port(wanted, taken):
    """`wanted` if nobody listens on it, else a port that the kernel gives; never one of `taken`."""
    for port in (wanted, 0, 0, 0):
        with socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            found = candidate.getsockname()[1]
            if found not in taken:
                taken.add(found)
                return found
    raise DemoFailed("no free port on 127.0.0.1")


class Cart:
    """The sidecar and the app beside it, as one thing to start, ask and end."""

    def __init__(self, binary, data):
        taken = set()
        self.app_port = free_port(8080, taken)
        self.api_port = free_port(3500, taken)
        self.admin_port = free_port(9090, taken)
        self.data = data
        self.command = [
            str(binary), "run", "-a", "cart", "-p", str(self.app_port), "-H", str(self.api_port),
            "-M", str(self.admin_port), "--data-dir", str(data), "--", sys.executable, str(HERE / "cart.py"),
        ]
        self.process = None
        self.log = data.parent / "sidecar.log"

    def command_for_people(self):
        return (f"outrigger run -a cart -p {self.app_port} -H {self.api_port} -M {self.admin_port} "
                f"--data-dir {self.data} -- python3 cart.py")

    def start(self):
        """Starts both; returns the seconds until the sidecar served and until the app was ready too."""
        began = time.monotonic()
        with open(self.log, "ab") as log:
            # A session of its own, so that Ctrl-C reaches only the demo, which then ends the sidecar in order.
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        served = self.wait_until_healthy("/v1.0/healthz/outbound", began)
        return served, self.wait_until_healthy("/v1.0/healthz", began)

    def wait_until_healthy(self, path, began):
        while time.monotonic() - began < READY_SECONDS_MAX:
            if self.process.poll() is not None:
                raise DemoFailed(f"the sidecar ended with status {self.process.returncode}:\n{self.last_words()}")
            try:
                if request(self.api_port, "GET", path)[0] == 204:
                    return time.monotonic() - began
            except OSError:
                pass
            time.sleep(0.005)
        raise DemoFailed(f"{path} wasn't healthy within {READY_SECONDS_MAX} s:\n{self.last_words()}")

    def last_words(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def app_pid(self):
        return json.loads(request(self.app_port, "GET", "/")[1])["pid"]

    def ask(self, method, path, body=None):
        status, answer = request(self.app_port, method, path, body)
        if status != 200:
            raise DemoFailed(f"{method} {path} answered {status}: {answer.decode(errors='replace')}")
        return json.loads(answer)["items"]

    def kill(self):
        """Ends sidecar and app at once, by process id, with the signal that nobody can catch."""
        app = self.app_pid()
        self.process.kill()
        try:
            os.kill(app, signal.SIGKILL)
        except ProcessLookupError:
            pass  # The sidecar's death has taken the app along.
        self.process.wait()
        self.wait_until_gone(app)

    def wait_until_gone(self, pid):
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while time.monotonic() < deadline:
            try:
                # A process that nobody has waited for yet holds no port any more.
                if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                    return
            except OSError:
                return
            time.sleep(0.005)
        raise DemoFailed(f"process {pid} is still there {STOP_SECONDS_MAX} s after SIGKILL")

    def stop(self):
        """Ends both in order; returns the exit status, or None when nothing ran."""
        if self.process is None or self.process.poll() is not None:
            return None
        self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise DemoFailed(f"the sidecar was still there {STOP_SECONDS_MAX} s after SIGTERM") from None


def memory_of(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def expect_equal(found, wanted, what):
    if found != wanted:
        raise DemoFailed(f"{what}: found {found}, expected {wanted}")


def show(narrator, cart):
    narrator.step(1, "A sidecar and the app beside it start")
    narrator.line(narrator.style("dim", f"$ {cart.command_for_people()}"))
    served, ready = cart.start()
    narrator.done("the sidecar serves its API", served)
    narrator.done("the app has opened its port and the sidecar is ready", ready)

    narrator.step(2, "Somebody goes shopping")
    for item, quantity in (("apple", 2), ("bread", 1), ("cheese", 1)):
        began = time.monotonic()
        cart.ask("POST", "/cart/ada", {"item": item, "quantity": quantity})
        narrator.done(f"POST /cart/ada  {quantity} × {item}", time.monotonic() - began)

    narrator.step(3, f"{SHOPPERS} requests change the same cart at the same time")
    began = time.monotonic()
    with ThreadPoolExecutor(SHOPPERS) as pool:
        orders = [pool.submit(cart.ask, "POST", "/cart/ada", {"item": "egg"}) for _ in range(SHOPPERS)]
        for order in orders:
            order.result()
    wanted = {"apple": 2, "bread": 1, "cheese": 1, "egg": SHOPPERS}
    expect_equal(cart.ask("GET", "/cart/ada"), wanted, "the cart")
    narrator.done(f"{SHOPPERS} eggs in it: ETags let no change get lost", time.monotonic() - began)

    narrator.step(4, "Sidecar and app are killed (SIGKILL)")
    sidecar, app = cart.process.pid, cart.app_pid()
    cart.kill()
    narrator.done(f"sidecar {sidecar} and app {app} are gone; nobody could tidy up")

    narrator.step(5, "They come back")
    _, ready = cart.start()
    narrator.done(f"ready again as sidecar {cart.process.pid} and app {cart.app_pid()}", ready)
    found = cart.ask("GET", "/cart/ada")
    expect_equal(found, wanted, "the cart after the kill")
    narrator.done("the cart is intact: " + ", ".join(f"{count} × {item}" for item, count in found.items()))
    narrator.line(narrator.style("dim", f"the sidecar takes {memory_of(cart.process.pid):.0f} MiB of memory"))


def stay_up(narrator, cart):
    narrator.step(6, "Try it yourself; Ctrl-C ends it")
    for command in (
        f"curl localhost:{cart.app_port}/cart/ada",
        f"""curl localhost:{cart.app_port}/cart/ada -d '{{"item": "pear", "quantity": 3}}'""",
        f"curl -X DELETE localhost:{cart.app_port}/cart/ada/egg",
        f"curl -i localhost:{cart.api_port}/v1.0/state/statestore/cart-ada      # the same, as the sidecar keeps it",
        f"curl localhost:{cart.api_port}/v1.0/metadata",
        f"curl -s localhost:{cart.admin_port}/metrics | grep outrigger_",
        f"tail -f {cart.log}",
    ):
        narrator.line(command)
    status = cart.process.wait()
    raise DemoFailed(f"the sidecar ended by itself with status {status}:\n{cart.last_words()}")


def run(arguments, narrator):
    with tempfile.TemporaryDirectory(prefix="outrigger-demo-") as folder:
        cart = Cart(arguments.binary, Path(folder) / "data")
        try:
            show(narrator, cart)
            if not arguments.once:
                stay_up(narrator, cart)
        except KeyboardInterrupt:
            print()
        finally:
            began = time.monotonic()
            status = cart.stop()
        if status is not None:
            narrator.step(6 if arguments.once else 7, "Both end in order (SIGTERM)")
            expect_equal(status, 0, "the exit status")
            narrator.done("exit status 0, the app's own", time.monotonic() - began)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--once", action="store_true", help="end after the show instead of staying up")
    parser.add_argument("--binary", type=Path, default=ROOT / "bin/outrigger", help="default: bin/outrigger")
    arguments = parser.parse_args()
    narrator = Narrator()
    if not arguments.binary.exists():
        sys.exit(f"{arguments.binary} doesn't exist: run ./scripts/build")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run(arguments, narrator)
    except (DemoFailed, OSError, http.client.HTTPException) as failure:
        narrator.failed(str(failure))
        return 1
    if arguments.once:
        print("\nThe demo has shown what it promised.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
