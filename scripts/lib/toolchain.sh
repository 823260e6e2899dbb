# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The Swift toolchain: whether it is there and new enough.

swift_version_least=6.3

# Prints `6.3.1`, or nothing when there is no Swift.
swift_version() { swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+(\.[0-9]+)+).*/\1/p' | head -n 1; }

require_swift() {
    local found
    found=$(swift_version || true)
    if [[ -z $found ]]; then
        fail "There is no Swift toolchain: install Swift $swift_version_least or later from" \
            "https://www.swift.org/install/linux/ (swiftly does it in one command) and put it in PATH."
    fi
    local older
    older=$(printf '%s\n' "$swift_version_least" "$found" | sort --version-sort | head -n 1)
    if [[ $older != "$swift_version_least" ]]; then
        fail "Swift $found is too old: Outrigger needs $swift_version_least or later" \
            "(https://www.swift.org/install/linux/)."
    fi
    done_line "Swift $found"
}
