# The kernel that Linux microvms boot (fixtures/machines/kernels.py). Part of common.sh.

# fetch_kernel SECTION...: into the user's cache, where the sections have the matrix and apt can fetch it.
fetch_kernel() {
    case " $* " in *" matrix "*) ;; *) return 0 ;; esac
    command -v apt-get >/dev/null && [ -x "$venv/bin/python" ] || return 0
    for file in "${XDG_CACHE_HOME:-${HOME-}/.cache}"/sextant/kernels/*/version; do
        [ ! -e "$file" ] || [ -n "${retry-}" ] || return 0
    done
    if [ -z "${retry-}" ] && grep -qsx kernel-for-microvms "$state/unavailable"; then
        return 0
    fi
    PYTHONPATH=$root "$venv/bin/python" -m fixtures.machines.kernels >&2 ||
        echo kernel-for-microvms >>"$state/unavailable"
}
