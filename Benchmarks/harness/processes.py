# SPDX-License-Identifier: Apache-2.0
"""The processes that are measured: how they start and stop, and what the kernel says that they cost."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
READY_SECONDS_MAX = 30
STOP_SECONDS_MAX = 15
# 100 bytes with the quotes that make it JSON.
VALUE = "v" * 98


class MeasurementFailed(Exception):
    """What should have been measured didn't happen; the sentence says what."""


def free_port():
    with socket.socket() as candidate:
        candidate.bind(("127.0.0.1", 0))
        return candidate.getsockname()[1]


class MeasuredProcess:
    """A server whose costs are read from /proc."""

    name = ""
    port = 0

    def __init__(self):
        self.process = None

    @property
    def pid(self):
        return self.process.pid

    def cpu_seconds(self):
        """User and system time of all its threads so far (fields 14 and 15 of /proc/PID/stat)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def memory_bytes(self):
        """RSS and RssAnon."""
        found = {}
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in ("VmRSS", "RssAnon"):
                found[name] = int(rest.split()[0]) * 1024
        return found["VmRSS"], found["RssAnon"]

    def written_bytes(self):
        """Bytes that it handed to write calls so far, for any file."""
        for line in Path(f"/proc/{self.pid}/io").read_text().splitlines():
            if line.startswith("wchar:"):
                return int(line.split()[1])
        raise MeasurementFailed("/proc/PID/io has no wchar")

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def request(self, method, path, body=None):
        connection = self.connect()
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def wait_until_ready(self, path, status):
        """Asks again every millisecond; returns when the server has answered with `status`."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise MeasurementFailed(f"{self.name} ended with status {self.process.returncode}: {self.last_words()}")
            try:
                if self.request("GET", path)[0] == status:
                    return
            except OSError:
                pass
            time.sleep(0.001)
        raise MeasurementFailed(f"{self.name} wasn't ready within {READY_SECONDS_MAX} s: {self.last_words()}")

    def last_words(self):
        return ""

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            raise MeasurementFailed(f"{self.name} didn't end within {STOP_SECONDS_MAX} s of SIGTERM") from None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


class LoggedProcess(MeasuredProcess):
    """A server with a port and a folder of its own, where its log is."""

    def __init__(self, bench, name):
        super().__init__()
        self.name = name
        self.folder = Path(bench.folder) / name
        self.port = free_port()

    def launch(self, command):
        """Starts it, and doesn't wait for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / "log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd=self.folder)

    def write(self, name, text):
        """A file in its folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / name
        file.write_text(text)
        return file

    def last_words(self):
        return " / ".join(self.log.read_text(errors="replace").splitlines()[-5:])


def program(name):
    """Where a server's program is; administrators' folders are looked in too."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not found:
        raise MeasurementFailed(f"{name} isn't installed: ./scripts/bench installs it")
    return found


class Outrigger(MeasuredProcess):
    """A sidecar alone, with its defaults and a data directory of its own or shared."""

    def __init__(self, binary, data, app_id="bench"):
        super().__init__()
        self.binary, self.data, self.app_id = binary, Path(data), app_id
        self.name = f"outrigger {app_id}"
        self.log = self.data.parent / f"{self.data.name}-{app_id}.log"

    def start(self):
        """Starts it; returns the seconds until outbound health was ready."""
        self.port, admin = free_port(), free_port()
        self.data.parent.mkdir(parents=True, exist_ok=True)
        command = [str(self.binary), "run", "-a", self.app_id, "-H", str(self.port), "-M", str(admin),
                   "--data-dir", str(self.data), *self.arguments()]
        began = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_until_ready("/v1.0/healthz/outbound", 204)
        return time.monotonic() - began

    def arguments(self):
        """More flags."""
        return []

    def last_words(self):
        return " / ".join(self.log.read_text(errors="replace").splitlines()[-5:])

    def save(self, writes):
        status, body = self.request("POST", "/v1.0/state/statestore", writes)
        if status != 204:
            raise MeasurementFailed(f"a save answered {status}: {body.decode(errors='replace')[:200]}")

    def url(self, path="/v1.0/state/statestore"):
        return f"http://127.0.0.1:{self.port}{path}"


class Nginx(MeasuredProcess):
    """One nginx worker that answers 100 bytes from its configuration: the yardstick of the same run."""

    name = "nginx"
    connections_max = 1024

    def __init__(self, folder):
        super().__init__()
        self.folder = Path(folder) / "nginx"

    def start(self):
        self.port = free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        configuration = self.folder / "nginx.conf"
        configuration.write_text(f"""
            daemon off; master_process off; pid {self.folder}/pid; error_log {self.folder}/error.log;
            worker_processes 1;
            events {{ worker_connections {self.connections_max}; }}
            http {{
                access_log off; keepalive_requests 1000000000; keepalive_timeout 1h;
                client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy;
                fastcgi_temp_path {self.folder}/fastcgi; uwsgi_temp_path {self.folder}/uwsgi;
                scgi_temp_path {self.folder}/scgi;
                {self.upstream()}
                server {{
                    {self.listen()}
                    location / {{ {self.location()} }}
                    {self.more_locations()}
                }}
            }}
        """)
        self.process = subprocess.Popen(
            [program("nginx"), "-e", str(self.folder / "error.log"), "-c", str(configuration)],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_until_ready("/", 200)

    def listen(self):
        return f"listen 127.0.0.1:{self.port};"

    def upstream(self):
        return ""

    def more_locations(self):
        return ""

    def location(self):
        return f"default_type application/json; return 200 '\"{VALUE}\"';"

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"
