#!/bin/sh
# Prints the path of a Python that can build the environment, or one sentence that says what to install.
# Usage: sh tools/find_python.sh          PYTHON=... in the environment names one and ends the search.
# Where it looks: python3.13, 3.12, 3.14, python3 and python on the PATH, then the versions folder of pyenv.
# 3.14 comes after the others because one package (immutables) has no wheel for it and is compiled there.

minors="13 12 14"
newest=14
if [ "$(uname -sm)" = "Darwin x86_64" ]; then # numba's last wheels for Intel Macs are for 3.13
    minors="13 12"
    newest=13
fi
wanted="Python 3.12 to 3.$newest"
new_enough="import sys; sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, $newest))"

# The shims of pyenv exist for versions that are not switched on, and then fail: only running one tells.
# A Python that Debian ships without its venv module, or that was built without ssl, cannot set up anything.
unfit=""
try() {
    path=$(command -v "$1" 2>/dev/null) || return 1
    "$path" -c "$new_enough" >/dev/null 2>&1 </dev/null || return 1
    if "$path" -c "import ensurepip, ssl, venv, zlib" >/dev/null 2>&1 </dev/null; then
        printf '%s\n' "$path"
        exit 0
    fi
    unfit=${unfit:-$path}
    return 1
}

if [ -n "${PYTHON:-}" ]; then
    try "$PYTHON"
else
    for minor in $minors; do try "python3.$minor"; done
    try python3
    try python
    for minor in $minors; do
        for path in "${PYENV_ROOT:-${HOME:-}/.pyenv}/versions/3.$minor".*/bin/python; do try "$path"; done
    done
fi

if [ -n "$unfit" ]; then
    echo "evisynth found $unfit, but without the modules it needs to set up an environment (venv, ensurepip, ssl):" \
        "install them (Debian and Ubuntu: apt install python3-venv) and run make again." >&2
elif [ -n "${PYTHON:-}" ]; then
    echo "evisynth needs $wanted, and PYTHON=$PYTHON is not: name another, or leave PYTHON out and make looks for one." >&2
else
    echo "evisynth needs $wanted and found none: install one (Debian and Ubuntu: apt install python3 python3-venv;" \
        "macOS: brew install python@3.13; anywhere: pyenv install 3.13) and run make again." >&2
fi
exit 1
