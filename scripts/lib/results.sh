# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Adds up what the test runs of one script found.

passed_count=0
failed_count=0

# Usage: run_tests NAME [swift test arguments…]; runs on what is built already and counts from SwiftPM's own report.
run_tests() {
    local name=$1 status=0
    shift
    local report=.build/test-report-$name
    rm -f "$report"*.xml
    swift test --skip-build --xunit-output "$report.xml" "$@" </dev/null || status=$?
    count_report "$report-swift-testing.xml" "$status"
}

# Usage: count_report FILE STATUS; a run that ended badly without naming a failed test (a crash) counts as one failed.
# The report's own `failures` are expectations, of which one test may have many, so test cases are counted.
count_report() {
    local file=$1 status=$2 counts='0 0 0' tests failed skipped
    if [[ -f $file ]]; then
        counts=$(awk '
            /<testcase/ { tests++; counted = 0 }
            /<failure/ && !counted { failed++; counted = 1 }
            /<skipped/ { skipped++ }
            END { print tests + 0, failed + 0, skipped + 0 }' "$file")
    fi
    read -r tests failed skipped <<<"$counts"
    passed_count=$((passed_count + tests - failed - skipped))
    if ((status != 0 && failed == 0)); then failed=1; fi
    failed_count=$((failed_count + failed))
}

# Usage: run_check COMMAND…; a command that is one test.
run_check() {
    if "$@" </dev/null; then passed_count=$((passed_count + 1)); else failed_count=$((failed_count + 1)); fi
}

# A run of no tests proves nothing, so it is a failure too.
print_results() {
    echo "$passed_count passed, $failed_count failed"
    ((failed_count == 0 && passed_count > 0))
}
