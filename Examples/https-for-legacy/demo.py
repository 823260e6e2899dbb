#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows HTTPS before an app that speaks only plain HTTP, with nothing configured.

usage: demo.py [--once] [--binary FILE]     (./scripts/demo https-for-legacy builds the binary first)
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from stage import DemoFailed, Sidecar, expect_equal, free_port, perform, play  # noqa: E402


class LegacyApp(Sidecar):
    """The app beside a sidecar that speaks HTTPS for it; a plain port is there only to send clients on."""

    def __init__(self, binary, data, taken):
        self.https_port, self.redirect_port = free_port(8443, taken), free_port(8081, taken)
        flags = ("--https", f"127.0.0.1:{self.https_port}", "--http-redirect", self.redirect_port)
        super().__init__("web", HERE / "legacy.py", binary, data, (8080, 3500, 9090), taken, flags)
        self.certificate = data / "tls/dev-certificate.pem"

    def curl(self, url, *flags):
        """The status line and fields as curl prints them, and the body."""
        command = ["curl", "--silent", "--show-error", "--include", "--max-time", "15", *flags, url]
        found = subprocess.run(command, capture_output=True, text=True, timeout=30)
        if found.returncode != 0:
            raise DemoFailed(f"{' '.join(command)}: {found.stderr.strip()}")
        head, _, body = found.stdout.partition("\n\n")
        return head, body


def begin(narrator, web):
    narrator.step("An app that speaks plain HTTP starts, and a sidecar beside it")
    narrator.aside(f"$ {web.command_for_people()}")
    _, ready = web.start()
    narrator.done("both are ready", ready)
    if not web.certificate.exists():
        raise DemoFailed(f"there is no {web.certificate}:\n{web.last_words()}")
    narrator.done("no certificate was given, so the sidecar has made one for development, and says so")


def browse(narrator, web):
    narrator.step("curl asks over HTTPS")
    url = f"https://localhost:{web.https_port}/prices?of=apples"
    narrator.aside(f"$ curl -i --cacert {web.certificate} {url}")
    head, body = web.curl(url, "--cacert", str(web.certificate))
    status, answer = head.splitlines()[0], json.loads(body)
    if " 200" not in status:
        raise DemoFailed(f"{url} answered {status}")
    narrator.done(f"{status}: the certificate is verified, and the app has answered")
    expect_equal(answer["path"], "/prices?of=apples", "the path that the app saw")
    expect_equal(answer["told"]["X-Forwarded-Proto"], "https", "X-Forwarded-Proto")
    expect_equal(answer["told"]["X-Forwarded-For"], "127.0.0.1", "X-Forwarded-For")
    expect_equal(answer["told"]["Host"], f"localhost:{web.https_port}", "Host")
    narrator.done("the app was told how the client came, from where, and whom it asked: " + json.dumps(answer["told"]))
    refused = subprocess.run(["curl", "--silent", url], capture_output=True, timeout=30).returncode
    expect_equal(refused, 60, "the status of a curl that doesn't know the certificate")
    narrator.done("who doesn't know the certificate is warned: it is for development only")


def redirect(narrator, web):
    narrator.step("Somebody comes without HTTPS")
    head, _ = web.curl(f"http://localhost:{web.redirect_port}/prices?of=apples")
    fields = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:])
    wanted = f"https://localhost:{web.https_port}/prices?of=apples"
    expect_equal(head.split()[1], "301", "the status of the plain port")
    expect_equal(fields.get("location"), wanted, "where it sends its clients")
    narrator.done(f"301 Moved Permanently to {wanted}")


def commands(web):
    return (
        f"curl -i --cacert {web.certificate} https://localhost:{web.https_port}/",
        f"curl -iL --cacert {web.certificate} http://localhost:{web.redirect_port}/",
        f"openssl s_client -connect localhost:{web.https_port} -CAfile {web.certificate} -brief </dev/null",
        f"outrigger routes --admin 127.0.0.1:{web.admin_port}",
    )


def run(arguments, narrator):
    with tempfile.TemporaryDirectory(prefix="outrigger-demo-") as name:
        web = LegacyApp(arguments.binary.resolve(), Path(name) / "data", set())

        def show():
            begin(narrator, web)
            browse(narrator, web)
            redirect(narrator, web)

        play(arguments, narrator, [web], show, commands(web))


if __name__ == "__main__":
    sys.exit(perform(__doc__.splitlines()[0], run))
