#!/bin/sh
# Builds the virtual environment from requirements.lock: every package with its hash, nothing but wheels where there are any.
# Usage: sh tools/build_venv.sh .venv     (from the repository's root; `make` calls it)
# The last thing written is the copy of the lock, so a build that was stopped in the middle is started again.
set -eu
venv=$1
here=$(dirname "$0")
unset PYTHONHOME PYTHONPATH PIP_PREFIX PIP_TARGET PIP_USER

pip_install() {
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input --require-hashes "$@" && return 0
    echo "evisynth: the environment is not complete; pip's lines above say why. Run make again once that is mended." >&2
    if "$venv/bin/python" -c "import sys; sys.exit(sys.version_info < (3, 14))"; then
        echo "(On Python 3.14 one package is compiled, which takes a C compiler; Python 3.13 does without.)" >&2
    fi
    exit 1
}

# A checkout may touch the lock without changing it: no need to build then.
if [ "$(cat "$venv/.home" 2>/dev/null)" = "$(pwd -P)" ] && "$venv/bin/python" -c "" 2>/dev/null \
    && cmp -s requirements.lock "$venv/requirements.lock"; then
    touch "$venv/requirements.lock"
    exit 0
fi

python=$(sh "$here/find_python.sh")
echo "Building $venv from requirements.lock with $python (a few minutes, once; afterwards everything starts at once)."
rm -rf "$venv"
"$python" -m venv "$venv"

# What is compiled here must be built by the setuptools of the lock, not by one that pip fetches unchecked.
awk '/^setuptools==/ { found = 1 } found { print } found && !/\\$/ { exit }' requirements.lock > "$venv/setuptools.lock"
pip_install -r "$venv/setuptools.lock"
pip_install --no-build-isolation -r requirements.lock

printf '%s\n' "$(pwd -P)" > "$venv/.home"
cp requirements.lock "$venv/requirements.lock"
