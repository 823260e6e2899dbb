#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes orders, keeps them, and tells whoever wants to know.

    POST /orders                     {"id": …, "customer": …, "mail": …, "items": {…}}; cart calls it
    GET  /orders/CUSTOMER            the customer's orders, and which of them got no mail
    GET  /dapr/subscribe             what the sidecar asks at the start: this app wants the dead letters
    POST /dead-letters               an order that the mailer couldn't do anything with
"""

import time

import sidecar
from service import Refused, Service

PRICES = {"apple": 0.5, "bread": 3, "cheese": 12, "tractor": 25_000}

service = Service("orders")


@service.route("POST", "/orders")
def place(order):
    unknown = [item for item in order["items"] if item not in PRICES]
    if unknown:
        raise Refused(400, f"there is no {unknown[0]} in this shop")
    total = sum(PRICES[item] * quantity for item, quantity in order["items"].items())
    order = {**order, "total": total}
    sidecar.again_if_changed(lambda: keep(order))
    # First kept, then told. Whoever got no answer orders again with the same id, and the event has the same id too.
    sidecar.publish("orders", order, event_id=order["id"], event_type="order.placed", key=order["customer"])
    return {"order": order["id"], "total": total}


def keep(order):
    """The order and its entry in the customer's list: both or none."""
    known, _ = sidecar.load(f"order-{order['id']}")
    if known is not None:
        return
    ids, etag = sidecar.load(f"customer-{order['customer']}", [])
    sidecar.save((f"order-{order['id']}", order, None),
                 (f"customer-{order['customer']}", ids + [order["id"]], etag))


@service.route("GET", "/orders/{customer}")
def show(customer):
    ids, _ = sidecar.load(f"customer-{customer}", [])
    return [sidecar.load(f"order-{order_id}")[0] for order_id in ids]


@service.route("GET", "/dapr/subscribe")
def subscriptions():
    return [{"pubsubname": sidecar.PUBSUB, "topic": "orders-dead", "route": "/dead-letters"}]


@service.route("POST", "/dead-letters")
def note_dead_letter(event):
    def act():
        key = f"order-{event['data']['id']}"
        order, etag = sidecar.load(key, event["data"])
        sidecar.save((key, {**order, "undelivered": {"published": event["time"], "at": time.time()}}, etag))

    sidecar.again_if_changed(act)
    print(f"no mail for {event['data']['id']}: {event['data']['mail']}", flush=True)
    return {"status": "SUCCESS"}


if __name__ == "__main__":
    service.run()
