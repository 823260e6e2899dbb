# SPDX-License-Identifier: Apache-2.0
"""Publishers, subscribers and the sidecars beside them."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from harness.processes import MeasuredProcess, MeasurementFailed, Nginx, Outrigger, free_port

APPS = Path(__file__).resolve().parent.parent / "apps"
TOPIC = "orders"


class Sidecar(Outrigger):
    """A sidecar that keeps its ports over restarts, beside an app that somebody else starts."""

    def __init__(self, binary, data, app_id, app_port=None, resources=None):
        super().__init__(binary, data, app_id)
        self.port, self.admin, self.app_port, self.resources = free_port(), free_port(), app_port, resources
        self.log = self.data.parent / f"{self.data.name}-{app_id}-{self.port}.log"

    def start(self):
        self.data.parent.mkdir(parents=True, exist_ok=True)
        command = [str(self.binary), "run", "-a", self.app_id, "-H", str(self.port), "-M", str(self.admin),
                   "--data-dir", str(self.data)]
        if self.app_port:
            command += ["-p", str(self.app_port)]
        if self.resources:
            command += ["-d", str(self.resources)]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_until_ready("/v1.0/healthz/outbound", 204)

    def wait_until_subscribed(self, count=1):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            status, body = self.request("GET", "/v1.0/metadata")
            if status == 200 and len(json.loads(body).get("subscriptions") or []) >= count:
                return
            time.sleep(0.05)
        raise MeasurementFailed(f"{self.name} has no {count} subscriptions: {self.last_words()}")


class LoggingNginx(Nginx):
    """A subscriber that costs as little as one can: nginx, which takes every event and notes when it came."""

    name = "nginx as the subscriber"

    def __init__(self, folder):
        super().__init__(folder)
        self.deliveries_log = self.folder / "deliveries.log"

    def start(self):
        self.port = free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        subscriptions = json.dumps([{"pubsubname": "pubsub", "topic": TOPIC, "route": "/events"}])
        configuration = self.folder / "nginx.conf"
        configuration.write_text(f"""
            daemon off; master_process off; pid {self.folder}/pid; error_log {self.folder}/error.log;
            worker_processes 1;
            events {{ worker_connections 1024; }}
            http {{
                keepalive_requests 1000000000; keepalive_timeout 1h; access_log off;
                log_format delivery '$msec $http_sent';
                client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy;
                fastcgi_temp_path {self.folder}/fastcgi; uwsgi_temp_path {self.folder}/uwsgi;
                scgi_temp_path {self.folder}/scgi;
                server {{
                    listen 127.0.0.1:{self.port};
                    location / {{ return 404; }}
                    location = /ready {{ return 200; }}
                    location = /dapr/subscribe {{ default_type application/json; return 200 '{subscriptions}'; }}
                    location = /events {{
                        access_log {self.deliveries_log} delivery buffer=64k flush=200ms; return 200;
                    }}
                }}
            }}
        """)
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
        self.process = subprocess.Popen(
            [program, "-e", str(self.folder / "error.log"), "-c", str(configuration)],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_until_ready("/ready", 200)

    def deliveries(self):
        """When each event came and when it was sent, in seconds."""
        lines = self.deliveries_log.read_text().splitlines() if self.deliveries_log.exists() else []
        return [(float(came), float(sent) / 1000) for came, sent in (line.split() for line in lines)]

    def forget(self):
        """Begins the log anew; nginx goes on at the end of the empty file."""
        time.sleep(0.3)
        if self.deliveries_log.exists():
            os.truncate(self.deliveries_log, 0)


class NotingSubscriber(MeasuredProcess):
    """A subscriber in Python that notes each event in a file before it answers, and again when it has answered."""

    name = "the subscriber"

    def __init__(self, folder, number=0):
        super().__init__()
        self.port = free_port()
        self.file = Path(folder) / f"subscriber-{number}.log"

    def start(self):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, str(APPS / "subscriber.py"), str(self.port), str(self.file), TOPIC])
        self.wait_until_ready("/ready", 200)

    def deliveries(self):
        """Each delivery: when, of which key, and its number."""
        return self.notes("came")

    def answered(self):
        """The deliveries whose answer the system had, but for those that a kill kept the app from noting."""
        return set(self.notes("answered"))

    def notes(self, what):
        # A kill may have torn the last line.
        text = self.file.read_text() if self.file.exists() else ""
        lines = [line.split() for line in whole_lines(text)]
        return [(float(when), key, int(number)) for noted, when, key, number in lines if noted == what]


class CountingPublisher(MeasuredProcess):
    """A publisher in Python: for each key it counts up, and notes what it sends and what is acknowledged."""

    name = "the publisher"

    def __init__(self, folder, sidecar, keys, rate=0):
        super().__init__()
        self.file = Path(folder) / "publisher.log"
        self.sidecar, self.keys, self.rate = sidecar, keys, rate

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, str(APPS / "publisher.py"), str(self.sidecar.port), str(self.file), TOPIC,
             str(self.keys), str(self.rate)])

    def acknowledged(self):
        text = self.file.read_text() if self.file.exists() else ""
        lines = [line.split() for line in whole_lines(text)]
        return {(fields[1], int(fields[2])) for fields in lines if len(fields) == 3 and fields[0] == "acknowledged"}


def whole_lines(text):
    return text[:text.rfind("\n") + 1].splitlines()
