# SPDX-License-Identifier: Apache-2.0
"""What the demos stand on: a narrator, requests on loopback, and apps beside sidecars to start, ask, kill and end."""

import argparse
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS_MAX = 30
STOP_SECONDS_MAX = 15


class DemoFailed(Exception):
    """What the demo promised didn't happen."""


class Narrator:
    """Prints what happens; plain text when nobody watches on a terminal."""

    def __init__(self):
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.codes = {"bold": "1", "green": "32", "yellow": "33", "red": "31", "dim": "2"} if colour else {}
        self.steps = 0

    def style(self, name, text):
        return f"\033[{self.codes[name]}m{text}\033[0m" if name in self.codes else text

    def step(self, text):
        self.steps += 1
        print(f"\n{self.style('bold', f'{self.steps}. {text}')}", flush=True)

    def done(self, text, seconds=None):
        took = "" if seconds is None else self.style("dim", f"  {seconds * 1000:.0f} ms")
        print(f"   {self.style('green', '✓')} {text}{took}", flush=True)

    def line(self, text):
        print(f"   {text}", flush=True)

    def aside(self, text):
        self.line(self.style("dim", text))

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


def expect_equal(found, wanted, what):
    if found != wanted:
        raise DemoFailed(f"{what}: found {found}, expected {wanted}")


class Program:
    """A process to start and end, whose output is kept beside the demo's data."""

    def __init__(self, name, folder, command, environment=()):
        self.name, self.command = name, command
        self.log = folder / f"{name}.log"
        self.environment = {**os.environ, **dict(environment)}
        self.process = None

    def launch(self):
        """Starts it, and doesn't wait for it."""
        with open(self.log, "ab") as log, interrupts_deferred():
            # A session of its own, so that Ctrl-C reaches only the demo, which then ends it in order.
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment, start_new_session=True)

    def wait_until(self, is_so, what, began):
        """Returns the seconds since `began` once `is_so`, which may fail as long as nobody listens."""
        while time.monotonic() - began < READY_SECONDS_MAX:
            self.fail_if_ended()
            try:
                if is_so():
                    return time.monotonic() - began
            except OSError:
                pass
            time.sleep(0.005)
        raise DemoFailed(f"{self.name}: no {what} within {READY_SECONDS_MAX} s:\n{self.last_words()}")

    def fail_if_ended(self):
        if self.process.poll() is not None:
            raise DemoFailed(f"{self.name} ended by itself with status {self.process.returncode}:\n{self.last_words()}")

    def last_words(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        """Asks it to end in order, and doesn't wait for it."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait_until_ended(self):
        """The exit status, or None when it was never started."""
        if self.process is None:
            return None
        try:
            return self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise DemoFailed(f"{self.name} was still there {STOP_SECONDS_MAX} s after SIGTERM") from None


class Server(Program):
    """A program that listens on a port; `answers` asks the port whether it's up."""

    def __init__(self, name, port, folder, command, answers, environment=()):
        super().__init__(name, folder, command, environment)
        self.port, self.answers = port, answers

    def start(self):
        """Returns the seconds until it answered."""
        began = time.monotonic()
        self.launch()
        return self.wait_until(lambda: self.answers(self.port), f"answer on port {self.port}", began)


class Sidecar(Program):
    """A sidecar and the app beside it, as one thing to start, ask and end.

    The app is a script that answers `GET /` with its process id as `pid`. `ports` are those of the app, the API and the
    admin listener that are wanted; `taken` those that are spoken for.
    """

    def __init__(self, name, script, binary, data, ports, taken, flags=()):
        self.name, self.script, self.data, self.flags = name, script, data, [str(flag) for flag in flags]
        self.app_port, self.api_port, self.admin_port = (free_port(port, taken) for port in ports)
        self.app = None
        super().__init__(
            name, data.parent, [str(binary), "run", *self.arguments(), "--", sys.executable, str(script)])

    def arguments(self):
        return ["-a", self.name, "-p", str(self.app_port), "-H", str(self.api_port), "-M", str(self.admin_port),
                "--data-dir", str(self.data), *self.flags]

    def command_for_people(self):
        return f"outrigger run {' '.join(self.arguments())} -- python3 {self.script.name}"

    def start(self):
        """Starts both; returns the seconds until the sidecar served and until the app was ready too."""
        began = time.monotonic()
        self.launch()
        served = self.wait_until_healthy("/v1.0/healthz/outbound", began)
        return served, self.wait_until_ready(began)

    def wait_until_ready(self, began):
        ready = self.wait_until_healthy("/v1.0/healthz", began)
        self.app = json.loads(request(self.app_port, "GET", "/")[1])["pid"]
        return ready

    def wait_until_healthy(self, path, began):
        return self.wait_until(lambda: request(self.api_port, "GET", path)[0] == 204, f"health at {path}", began)

    def ask(self, method, path, body=None):
        """The app's answer as a value; anything but 200 is a failure."""
        status, answer = request(self.app_port, method, path, body)
        if status != 200:
            raise DemoFailed(f"{self.name}: {method} {path} answered {status}: {answer.decode(errors='replace')}")
        return json.loads(answer)

    def kill(self):
        """Ends sidecar and app at once, by process id, with the signal that nobody can catch."""
        self.process.kill()
        try:
            os.kill(self.app, signal.SIGKILL)
        except ProcessLookupError:
            pass  # The sidecar's death has taken the app along.
        self.process.wait()
        wait_until_gone(self.app)


@contextmanager
def interrupts_deferred():
    """Lets no signal come between the start of a process and the note of it, or nobody would end it."""
    came, handlers = [], {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        handlers[number] = signal.signal(number, lambda *_: came.append(True))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


def wait_until_gone(pid):
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


def memory_of(pid):
    """Resident memory in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def perform(description, run):
    """Reads the arguments, runs a demo with them and a narrator, and returns the exit status."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--once", action="store_true", help="end after the show instead of staying up")
    parser.add_argument("--binary", type=Path, default=ROOT / "bin/outrigger", help="default: bin/outrigger")
    arguments = parser.parse_args()
    narrator = Narrator()
    if not arguments.binary.exists():
        sys.exit(f"{arguments.binary} doesn't exist: run ./scripts/build")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        run(arguments, narrator)
    except KeyboardInterrupt:
        print("\nInterrupted; everything that was started has ended.")
        return 130
    except (DemoFailed, OSError, http.client.HTTPException) as failure:
        narrator.failed(str(failure))
        return 1
    if arguments.once:
        print("\nThe demo has shown what it promised.")
    return 0


def play(arguments, narrator, programs, show, commands):
    """Shows, stays up with `commands` to try unless it is told not to, and ends all in order whatever happened."""
    try:
        show()
        try:
            if not arguments.once:
                stay_up(narrator, programs, commands)
        except KeyboardInterrupt:
            print()
        narrator.step("All end in order (SIGTERM)")
    finally:
        began = time.monotonic()
        statuses = end_in_order(programs)
    expect_equal(statuses, [0] * len(programs), "the exit statuses")
    narrator.done("exit status 0" + (", each of them" if len(programs) > 1 else ""), time.monotonic() - began)


def stay_up(narrator, programs, commands):
    narrator.step("Try it yourself; Ctrl-C ends it")
    for command in commands:
        narrator.line(command)
    while True:
        for program in programs:
            program.fail_if_ended()
        time.sleep(0.2)


def end_in_order(programs):
    """Stops them beside each other, whatever signal comes meanwhile; returns their exit statuses."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for program in programs:
        program.end()
    failure, statuses = None, []
    for program in programs:
        try:
            statuses.append(program.wait_until_ended())
        except DemoFailed as late:
            failure = late
    if failure:
        raise failure
    return statuses
