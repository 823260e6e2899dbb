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
count_report() {
    local file=$1 status=$2 tests=0 failures=0 skipped=0
    if [[ -f $file ]]; then
        tests=$(report_attribute tests "$file")
        failures=$(report_attribute failures "$file")
        skipped=$(report_attribute skipped "$file")
    fi
    if ((status != 0 && failures == 0)); then failures=1; fi
    if ((tests < failures + skipped)); then tests=$((failures + skipped)); fi
    passed_count=$((passed_count + tests - failures - skipped))
    failed_count=$((failed_count + failures))
}

report_attribute() {
    local value
    value=$(grep --only-matching --max-count=1 -E "<testsuite [^>]*" "$2" | grep --only-matching -E "\b$1=\"[0-9]+\"" | tr -dc 0-9)
    echo "${value:-0}"
}

# Usage: run_check COMMAND…; a command that is one test.
run_check() {
    if "$@" </dev/null; then passed_count=$((passed_count + 1)); else failed_count=$((failed_count + 1)); fi
}

print_results() {
    echo "$passed_count passed, $failed_count failed"
    ((failed_count == 0))
}
