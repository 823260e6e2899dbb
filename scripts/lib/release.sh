# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# How what is shipped is built, and what it is measured with: one way, as another's flags would build everything anew.

# Builds a product with optimization and the Swift runtime linked in.
#
# Exclusive access to memory is checked while a program runs in the debug build, with which every test runs. Here the
# checks, most of them in the event loop's library, would take 1 % of a proxied request.
build_release() {
    swift build --configuration release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked --product "$1"
}
