#!/bin/sh
# Write requirements/*.lock anew from pyproject.toml: every release pinned, every file of it with
# its hash, for Python 3.11 and later on Linux, macOS and Windows at once. Needs `uv` (make lock
# installs the pinned one). Releases younger than a week are not taken: most hijacked releases are
# found within days.
#
#   scripts/lock.sh UV [--upgrade]
#
# Without --upgrade, pins that still fit are kept.
set -eu
cd "$(dirname "$0")/.."
uv=$1
shift
newest=${LOCK_NEWEST:-$(python3 -c 'import datetime as d; print(d.date.today() - d.timedelta(7))')}

compile() { # compile OUTPUT ARGUMENTS...: hashes and markers, but no address and no comment
    out=requirements/$1
    shift
    "$uv" pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
        --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
        --exclude-newer "$newest" --output-file "$out" "$@" >/dev/null
    echo "wrote $out: $(grep -c '==' "$out") releases"
}

compile runtime.lock "$@" pyproject.toml
compile dev.lock "$@" --extra dev --constraints requirements/runtime.lock pyproject.toml
compile build.lock "$@" --constraints requirements/dev.lock requirements/build.in
compile lock-tool.lock "$@" requirements/lock-tool.in
