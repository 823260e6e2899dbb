# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# How what is shipped is built, and what it is measured with: one way, as another's flags would build everything anew.

# Builds a product with optimization and the Swift runtime linked in.
build_release() {
    swift build --configuration release --static-swift-stdlib --product "$1"
}
