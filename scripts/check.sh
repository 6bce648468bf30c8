#!/bin/sh
# Everything `make check` proves, each by name; all of them run, and one failure is enough to fail.
# Needs the tools of requirements/dev.lock on PATH.
set -u
cd "$(dirname "$0")/.."
failed=""

step() { # step NAME COMMAND...
    name=$1
    shift
    echo "-- $name"
    "$@" || failed="$failed, $name"
}

step "lint" ruff check .
step "format" ruff format --check --output-format concise .
step "types" mypy
step "import contract" lint-imports --no-logo
for script in scripts/check_*.py; do
    step "$script" python "$script"
done
step "generated pages" python scripts/make_docs.py --check
step "shipped library" compliance-graph check

if [ -n "$failed" ]; then
    echo "make check: failed:${failed#,}" >&2
    exit 1
fi
echo "make check: all good"
