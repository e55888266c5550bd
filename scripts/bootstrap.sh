#!/bin/sh
# Makes what the Makefile's targets need, and does nothing where it is there already.
#
#   scripts/bootstrap.sh server      .venv with the package and its pinned server dependencies
#   scripts/bootstrap.sh dev         the same, and the tools and clients of `make test` and `make check`
#   scripts/bootstrap.sh exporters   .exporters/*: what programs that send traces need, for the tests of these programs
#   scripts/bootstrap.sh postgres    the PostgreSQL server binaries, for the tests of that store
#   scripts/bootstrap.sh chromium    Chromium, for the browser tests
#   scripts/bootstrap.sh web-tools   web-tools/node_modules: what checks the types of the pages' scripts (needs Node)
#   scripts/bootstrap.sh lock        requirements/*.txt from requirements/*.in and pyproject.toml
#
# Needs Python 3.11 or newer and a package index. Settings, all from the environment:
#   PYTHON              the interpreter to build on (python3)
#   UV                  the uv to use (the one on the PATH, else one installed into .tools/)
#   PIP_*, UV_*         honoured by pip and uv as usual
#   CI                  when set, a missing system package is an error instead of a message
set -eu

cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

say() { printf '%s\n' "bootstrap: $*" >&2; }
fail() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" -eq 0 ]; }

# ---------------------------------------------------------------------------------------------- system packages

apt_lists_are_fresh=
# apt_install PACKAGE...  Fails where apt does, or where there is no apt or no right to use it.
apt_install() {
    have apt-get && is_root || return 1
    export DEBIAN_FRONTEND=noninteractive
    if [ -z "$apt_lists_are_fresh" ]; then
        say "reading the package lists (apt-get update)"
        apt-get -o DPkg::Lock::Timeout=300 -qq update >&2 || return 1
        apt_lists_are_fresh=yes
    fi
    say "installing $* (apt-get install)"
    apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -qq -y --no-install-recommends install "$@" \
        </dev/null >"${TMPDIR:-/tmp}/assay-apt.$$" 2>&1 || {
        cat "${TMPDIR:-/tmp}/assay-apt.$$" >&2
        rm -f "${TMPDIR:-/tmp}/assay-apt.$$"
        return 1
    }
    rm -f "${TMPDIR:-/tmp}/assay-apt.$$"
}

# want PACKAGE "what it is for"  Installs a Debian package that only some tests need; its absence is an error in CI.
want() {
    if apt_install "$1"; then return 0; fi
    if [ -n "${CI:-}" ]; then fail "$1 is missing ($2) and could not be installed."; fi
    say "$1 is missing: $2 will be skipped. To run it too: sudo apt-get install $1"
}

# ------------------------------------------------------------------------------------------------------- python

check_python() {
    have "$python" || fail "$python not found. Assay needs Python 3.11 or newer; name one with PYTHON=/path/to/python3."
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$python is $("$python" -V 2>&1), but Assay needs 3.11 or newer; name one with PYTHON=/path/to/python3."
}

# Sets $uv. uv is one static binary; where it is absent, pip fetches it into an environment of its own.
find_uv() {
    uv=${UV:-}
    if [ -z "$uv" ] && have uv; then uv=$(command -v uv); fi
    if [ -z "$uv" ]; then uv=.tools/bin/uv; fi
    if "$uv" --version >/dev/null 2>&1; then return 0; fi
    [ -z "${UV:-}" ] || fail "UV=$UV does not run."

    say "installing uv into .tools"
    rm -rf .tools
    # Debian splits ensurepip off into python3-venv: without it, venv leaves a half-made directory behind.
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        apt_install python3-venv ||
            fail "this Python cannot make virtual environments (no ensurepip). Type: sudo apt-get install python3-venv"
    fi
    "$python" -m venv .tools
    .tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
}

# make_environment server|dev  An environment that was made for dev stays one, so that `make run` never removes a tool.
make_environment() {
    check_python
    find_uv
    profile=$1
    if [ -e .venv/.stamp-dev ]; then profile=dev; fi
    # Never fetch another interpreter: the one at hand is the one that is asked for.
    export UV_PYTHON_DOWNLOADS=never
    if [ ! -x .venv/bin/python ]; then
        say "making .venv"
        "$uv" venv --quiet --clear --python "$(command -v "$python")" .venv
    fi
    rm -f .venv/.stamp-server .venv/.stamp-dev
    say "installing requirements/$profile.txt into .venv"
    "$uv" pip sync --quiet --require-hashes --python .venv/bin/python "requirements/$profile.txt"
    "$uv" pip install --quiet --no-deps --build-constraint requirements/build.txt --python .venv/bin/python --editable .
    if [ "$profile" = dev ]; then touch .venv/.stamp-dev; fi
    touch .venv/.stamp-server
}

# Exporters insist on an OpenTelemetry older than the server's, and not on the same one.
make_exporters() {
    check_python
    find_uv
    export UV_PYTHON_DOWNLOADS=never
    rm -f .exporters/.stamp
    for name in exporters keywordsai-tracing; do
        say "installing requirements/$name.txt into .exporters/$name"
        "$uv" venv --quiet --clear --python "$(command -v "$python")" ".exporters/$name"
        "$uv" pip sync --quiet --require-hashes --python ".exporters/$name/bin/python" "requirements/$name.txt"
    done
    touch .exporters/.stamp
}

# ---------------------------------------------------------------------------------------------------- postgresql

find_postgres() {
    have initdb && return 0
    for directory in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin /opt/homebrew/opt/postgresql*/bin; do
        if [ -x "$directory/initdb" ]; then return 0; fi
    done
    return 1
}

# The tests start throw-away clusters of their own: Debian must not start one on the default port.
keep_default_cluster_from_starting() {
    have apt-get && is_root || return 0
    [ -e /etc/postgresql-common/createcluster.conf ] && return 0
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
}

make_postgres() {
    find_postgres && return 0
    keep_default_cluster_from_starting
    want postgresql "the PostgreSQL half of the store tests"
}

# ----------------------------------------------------------------------------------------------------- the pages

make_chromium() {
    [ -z "${ASSAY_CHROMIUM:-}" ] || return 0
    for name in chromium chromium-browser google-chrome; do
        if have "$name"; then return 0; fi
    done
    want chromium "the browser tests"
}

make_web_tools() {
    say "installing web-tools/package-lock.json into web-tools/node_modules"
    (cd web-tools && npm ci --no-audit --no-fund --loglevel=error >&2)
    touch web-tools/node_modules/.stamp
}

# ---------------------------------------------------------------------------------------------------------- pins

# compile NAME [ARGUMENT...]  Pins with hashes, for every platform and every Python from 3.11 on.
compile() {
    name=$1
    shift
    say "resolving requirements/$name.txt"
    UV_CUSTOM_COMPILE_COMMAND='make lock' "$uv" pip compile --quiet --no-config --universal --python-version 3.11 \
        --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --upgrade \
        --output-file "requirements/$name.txt" "$@"
}

lock() {
    check_python
    find_uv
    # Pins must be what the public index serves, whatever else this machine is set up to look at.
    unset UV_FIND_LINKS UV_INDEX UV_EXTRA_INDEX_URL
    compile uv requirements/uv.in
    compile build requirements/build.in
    compile exporters requirements/exporters.in
    compile keywordsai-tracing requirements/keywordsai-tracing.in
    # dev is a superset of server with the same versions, so that one environment serves both.
    compile server pyproject.toml --extra server
    compile dev pyproject.toml requirements/dev.in requirements/clients.in --extra server --extra postgres \
        --constraints requirements/server.txt
}

case ${1:-} in
    server | dev) make_environment "$1" ;;
    exporters) make_exporters ;;
    postgres) make_postgres ;;
    chromium) make_chromium ;;
    web-tools) make_web_tools ;;
    lock) lock ;;
    *) fail "usage: scripts/bootstrap.sh server|dev|exporters|postgres|chromium|web-tools|lock" ;;
esac
