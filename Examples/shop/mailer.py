#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a mail for each order. resources/orders.yaml says which events come here, and on which route.

    POST /mail/usual, /mail/large    an order, as a CloudEvent
    GET  /mails/CUSTOMER             the mails that were sent, in their order, and how often each order was tried
"""

import time

import sidecar
from service import Refused, Service

service = Service("mailer")


@service.route("POST", "/mail/usual")
def thank(event):
    return send(event, "usual")


@service.route("POST", "/mail/large")
def thank_very_much(event):
    return send(event, "large")


def send(event, route):
    """One mail for each event, however often it comes: a delivery is repeated when its answer was lost."""
    order = event["data"]

    def act():
        box, etag = load(order["customer"])
        if event["id"] in [mail["order"] for mail in box["sent"]]:
            return True
        box["tries"][event["id"]] = box["tries"].get(event["id"], 0) + 1
        is_address = "@" in order["mail"]
        if is_address:
            box["sent"].append(
                {"order": event["id"], "published": event["time"], "at": time.time(), "route": route})
        sidecar.save((f"mails-{order['customer']}", box, etag))
        return is_address

    if not sidecar.again_if_changed(act):
        raise Refused(503, f"the mail server doesn't take {order['mail']!r}")
    print(f"mail for {event['id']} to {order['mail']}", flush=True)
    return {"status": "SUCCESS"}


@service.route("GET", "/mails/{customer}")
def show(customer):
    return load(customer)[0]


def load(customer):
    return sidecar.load(f"mails-{customer}", {"sent": [], "tries": {}})


if __name__ == "__main__":
    service.run()
