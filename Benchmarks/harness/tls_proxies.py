# SPDX-License-Identifier: Apache-2.0
"""nginx and Outrigger, each with one thread, that end TLS with the same certificate in front of the same plain nginx."""

import http.client
import ssl
import subprocess

from harness.processes import MeasuredProcess, MeasurementFailed, Nginx, free_port


class Certificate:
    """An ECDSA certificate on P-256, as most of the web has, that has signed itself."""

    def __init__(self, folder):
        self.certificate, self.key = folder / "certificate.pem", folder / "key.pem"
        command = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-newkey", "ec",
                   "-pkeyopt", "ec_paramgen_curve:P-256", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                   "-keyout", self.key, "-out", self.certificate]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise MeasurementFailed(f"openssl said: {made.stderr.strip()[:300]}")


class TLSProxy:
    """What the measurements need of either."""

    def url(self, path="/"):
        return f"https://127.0.0.1:{self.port}{path}"

    def connect(self):
        context = ssl.create_default_context(cafile=str(self.certificate.certificate))
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)


class NginxTLS(TLSProxy, Nginx):
    """`proxy_pass` behind TLS 1.3, with connections to the backend that are kept."""

    name = "nginx"
    connections_max = 16384

    def __init__(self, bench, backend, certificate):
        super().__init__(bench.folder / "tls")
        self.backend, self.certificate = backend, certificate

    def listen(self):
        return f"""
            listen 127.0.0.1:{self.port} ssl;
            ssl_certificate {self.certificate.certificate}; ssl_certificate_key {self.certificate.key};
            ssl_protocols TLSv1.3; ssl_session_cache shared:tls:1m;
        """

    def upstream(self):
        return f"upstream app {{ server 127.0.0.1:{self.backend.port}; keepalive 128; keepalive_requests 1000000000; }}"

    def location(self):
        return "proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection '';"


class OutriggerTLS(TLSProxy, MeasuredProcess):
    """The ambassador with one listener."""

    name = "outrigger"

    def __init__(self, bench, backend, certificate):
        super().__init__()
        self.binary, self.backend, self.certificate = bench.binary, backend, certificate
        self.folder = bench.folder / "outrigger-tls"

    def start(self):
        self.port = free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        configuration = self.folder / "outrigger.yaml"
        configuration.write_text(f"""\
api: {{enabled: false}}
ambassador:
  http:
    web:
      listen: 127.0.0.1:{self.port}
      tls: {{certificate: "{self.certificate.certificate}", key: "{self.certificate.key}", minimum-version: "1.3"}}
      routes:
        everything: {{match: {{path: /}}, to: app}}
      upstreams:
        app: {{servers: ["127.0.0.1:{self.backend.port}"]}}
""")
        self.log = self.folder / "log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(self.binary), "run", "--config", str(configuration), "-M", str(free_port())],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        self.wait_until_ready("/", 200)

    def last_words(self):
        return " / ".join(self.log.read_text(errors="replace").splitlines()[-5:])
