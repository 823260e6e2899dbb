# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the scripts say to a person. Colour only on a terminal, and not with NO_COLOR.

if [[ -t 1 && -z "${NO_COLOR:-}" ]]; then
    bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
else
    bold='' green='' red='' dim='' plain=''
fi

# Begins a section of the output.
section() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }

# One thing that is done.
done_line() { printf '%s✓%s %s\n' "$green" "$plain" "$*"; }

# One thing that a reader may skip.
note() { printf '%s%s%s\n' "$dim" "$*" "$plain"; }

# Says what is wrong and what to do about it, and ends the script.
fail() {
    printf '%s✗ %s%s\n' "$red" "$*" "$plain" >&2
    exit 1
}

# Ends the script as a wrong flag does (EX_USAGE).
usage_error() {
    printf '%s: %s; try --help\n' "${0##*/}" "$*" >&2
    exit 64
}

# Prints the comment block at the head of the running script, which is its help.
print_help() { awk 'NR > 2 && !/^#/ { exit } NR > 2 { sub(/^# ?/, ""); print }' "$0"; }
