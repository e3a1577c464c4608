#!/bin/sh
# Writes requirements.lock anew from pyproject.toml and tools/constraints.txt: the newest releases that fit.
# Usage: sh tools/lock_requirements.sh PYTHON [uv options, such as --upgrade-package numpy]
# PYTHON is one that has pip; uv is taken from the PATH, from beside PYTHON, or fetched for this once.
set -eu
python=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Neither a proxy of the package index nor a folder of local wheels may get into the lock.
unset PIP_FIND_LINKS UV_FIND_LINKS UV_EXTRA_INDEX_URL
if command -v uv >/dev/null 2>&1; then
    uv=uv
elif [ -x "$(dirname "$python")/uv" ]; then
    uv=$(dirname "$python")/uv
else
    "$python" -m venv "$folder/uv"
    "$folder/uv/bin/python" -m pip install -qq --disable-pip-version-check uv
    uv=$folder/uv/bin/uv
fi
[ $# -gt 0 ] || set -- --upgrade
[ ! -f requirements.lock ] || cp requirements.lock "$folder/lock"
"$uv" pip compile --quiet --universal --python-version 3.12 --extra dev --constraints tools/constraints.txt \
    --generate-hashes --no-emit-index-url --no-emit-find-links --no-header "$@" \
    --output-file "$folder/lock" pyproject.toml
{
    echo "# Every package of the environment, exact and with its hashes, for Linux and macOS, Python 3.12 to 3.14."
    echo "# Made by \`make lock\` from pyproject.toml and tools/constraints.txt: change those, not this file."
    cat "$folder/lock"
} > "$folder/requirements.lock"
cp "$folder/requirements.lock" requirements.lock
echo "requirements.lock written: $(grep -c '==' requirements.lock) pins. environment.yml must follow: make test says where."
