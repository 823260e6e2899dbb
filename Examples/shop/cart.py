#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A shopping cart for each customer, and its checkout.

    GET  /cart/CUSTOMER              the cart
    POST /cart/CUSTOMER              {"item": "apple", "quantity": 2} adds to it
    POST /cart/CUSTOMER/checkout     {"mail": "ada@example.org"} orders it
"""

import sidecar
from service import Refused, Service

service = Service("cart")


def load(customer):
    return sidecar.load(f"cart-{customer}", {"items": {}, "orders": 0})


@service.route("GET", "/cart/{customer}")
def show(customer):
    return load(customer)[0]


@service.route("POST", "/cart/{customer}")
def add(customer, wish):
    item, quantity = (wish.get("item"), wish.get("quantity", 1)) if isinstance(wish, dict) else (None, 1)
    if not isinstance(item, str) or not item or type(quantity) is not int or quantity < 1:
        raise Refused(400, 'expected {"item": "apple", "quantity": 2}')

    def act():
        cart, etag = load(customer)
        cart["items"][item] = cart["items"].get(item, 0) + quantity
        sidecar.save((f"cart-{customer}", cart, etag))
        return cart

    return sidecar.again_if_changed(act)


@service.route("POST", "/cart/{customer}/checkout")
def check_out(customer, address):
    """Orders what is in the cart, once: a checkout that is tried again has the same number and orders nothing new."""
    if not isinstance(address, dict) or not isinstance(address.get("mail"), str):
        raise Refused(400, 'expected {"mail": "ada@example.org"}')

    def act():
        cart, etag = load(customer)
        if not cart["items"]:
            raise Refused(409, f"the cart of {customer} is empty")
        number = cart["orders"] + 1
        order = {"id": f"{customer}-{number}", "customer": customer, "mail": address["mail"], "items": cart["items"]}
        status, placed = sidecar.invoke("orders", "POST", "orders", order)
        if status != 200:
            raise Refused(status, placed["error"])
        sidecar.save((f"cart-{customer}", {"items": {}, "orders": number}, etag))
        return placed

    return sidecar.again_if_changed(act)


if __name__ == "__main__":
    service.run()
