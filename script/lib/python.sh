# Python and its packages. Part of common.sh.

# find_python: prints the first Python that is new enough; SEXTANT_PYTHON names the only one to look at.
find_python() {
    for candidate in ${SEXTANT_PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3}; do
        "$candidate" -c 'import sys; sys.version_info < (3, 11) and sys.exit(1); print(sys.executable)' 2>/dev/null &&
            return
    done
    return 1
}

# demand_named_python: a Python that is named and will not do is no reason to install another one.
demand_named_python() {
    [ -z "${SEXTANT_PYTHON-}" ] || find_python >/dev/null ||
        stop "SEXTANT_PYTHON=$SEXTANT_PYTHON is no Python 3.11 or newer: name one that is, or unset it to have one looked for."
}

# What .venv must be made of: this place, this lock, this Python. Moving the tree or upgrading Python makes it anew.
fingerprint() {
    echo "$venv"
    cksum <"$root/requirements.lock"
    "$venv/bin/python" -c 'import sys; print(sys.version)' 2>/dev/null
}

# python_is_ready: is .venv what the lock says?
python_is_ready() {
    [ -x "$venv/bin/python" ] && [ -f "$venv/.sextant" ] && [ "$(fingerprint)" = "$(cat "$venv/.sextant")" ]
}

# usable: is there a .venv in this place, with pip and a Python that is new enough?
usable() {
    "$venv/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
        grep -qsF "$venv" "$venv/bin/activate"
}

install_python_packages() {
    ! python_is_ready || return 0
    if ! usable; then
        python=$(find_python) ||
            stop "no Python 3.11 or newer: install python3, or name one in SEXTANT_PYTHON."
        "$python" -c 'import ensurepip, venv' 2>/dev/null ||
            stop "$python cannot make virtual environments: install its package for that (sudo apt-get install python3-venv)."
        say "making .venv with $python"
        "$python" -m venv --clear "$venv" >"$state/venv.log" 2>&1 || {
            cat "$state/venv.log" >&2
            stop "$python -m venv $venv failed, see above."
        }
    fi
    rm -f "$venv/.sextant"
    say "installing the Python packages of requirements.lock into .venv"
    "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --retries 1 --require-hashes \
        --only-binary :all: -r "$root/requirements.lock" >"$state/pip.log" 2>&1 || {
        grep -E '^(ERROR|WARNING: Retrying)' "$state/pip.log" | tail -n 3 >&2
        stop "pip could not install requirements.lock; is the network up? All that pip said is in $state/pip.log."
    }
    fingerprint >"$venv/.sextant"
}
