#!/bin/sh
# Make a virtual environment from hashed locks and, unless told not to, install this checkout into
# it as an editable. Does nothing when that has been done already for the same locks.
#
#   [PYTHON=python3] scripts/venv.sh [--no-project] DIR LOCK...
#
# Needs a Python of at least 3.11 with venv and ensurepip, and a package index that pip can reach.
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
project=yes
if [ "$1" = --no-project ]; then
    project=no
    shift
fi
venv=$1
shift

fail() { # fail WHAT-IS-MISSING WHAT-TO-DO
    echo "compliance-graph: $1 $2" >&2
    exit 2
}

# An environment of the caller's must not leak into ours.
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0

command -v "$python" >/dev/null 2>&1 ||
    fail "there is no command '$python'." \
        "Install Python 3.11 or newer, or name yours: make PYTHON=/path/to/python3.12 ..."
version=$("$python" -c 'import sys; print("%d.%d.%d %s" % (sys.version_info[:3] + (sys.executable,)))' 2>/dev/null) ||
    fail "'$python' does not start." \
        "Name a Python of at least 3.11: make PYTHON=/path/to/python3.12 ..."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "'$python' is Python ${version%% *}, and 3.11 or newer is needed." \
        "Name a newer one: make PYTHON=python3.12 ..."
"$python" -c 'import venv, ensurepip' >/dev/null 2>&1 ||
    fail "'$python' lacks the modules venv and ensurepip." \
        "Install your system's package for them (on Debian and Ubuntu: python3-venv)."

# Two stamps, each holding what it was made from: contents, not times, since a checkout changes
# times. They are written last, so that an interrupted run starts over.
here=$(pwd)
locks=$(echo "$here/$venv $version"; cat "$@" scripts/venv.sh | cksum)
itself=$(cksum <pyproject.toml)
log=$venv/install.log

pip_install() { # pip_install WHAT REMEDY ARGUMENTS...: quiet; on failure pip's words, then ours
    what=$1
    remedy=$2
    shift 2
    if ! "$venv/bin/python" -m pip install --quiet "$@" >"$log" 2>&1; then
        cat "$log" >&2
        fail "pip could not install $what (its words are above)." "$remedy"
    fi
}

if [ ! -x "$venv/bin/python" ] || [ "$(cat "$venv/.stamp-locks" 2>/dev/null)" != "$locks" ]; then
    echo "making $venv (Python ${version%% *}, $*)" >&2
    # Only a folder that this script made is ever removed.
    if [ -n "$(ls -A "$venv" 2>/dev/null)" ] && [ ! -f "$venv/.made-by-venv.sh" ]; then
        fail "'$venv' exists and was not made by this script." "Move it away, then run it again."
    fi
    rm -rf "$venv"
    mkdir -p "$venv"
    : >"$venv/.made-by-venv.sh"
    "$python" -m venv "$venv" || fail "'$python -m venv $venv' failed (its words are above)." \
        "Check that the folder can be written and that your Python is complete."
    # Wheels only: building a source archive would run code that no hash covers.
    set -- "$@" "" # append "-r LOCK" for each lock behind an empty mark, then drop the front
    while [ -n "$1" ]; do
        lock=$1
        shift
        set -- "$@" -r "$lock"
    done
    shift
    pip_install "the pinned requirements" \
        "Check that pip reaches a package index ('pip config list', proxy), then run it again." \
        --require-hashes --only-binary :all: "$@"
    printf '%s\n' "$locks" >"$venv/.stamp-locks"
    rm -f "$venv/.stamp-project"
fi

if [ $project = yes ] && [ "$(cat "$venv/.stamp-project" 2>/dev/null)" != "$itself" ]; then
    pip_install "this checkout" "Is the checkout complete? 'git status' shows what is gone." \
        --no-deps --no-build-isolation --editable .
    printf '%s\n' "$itself" >"$venv/.stamp-project"
fi
