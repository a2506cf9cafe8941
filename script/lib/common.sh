# Read by the commands in script/ (POSIX sh). They set `root`, the project's directory, first.

# Where daemons live that an ordinary user's PATH does not name.
search_path=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/systemd:/lib/systemd:/usr/lib/frr
state=$root/.setup
venv=$root/.venv

say() { printf '%s\n' "sextant: $*" >&2; }

# stop TEXT...: one sentence, and exit status 4 (no permission, or something is not there).
stop() {
    say "$@"
    exit 4
}

# show_help FILE: the comment at the head of a command is its help.
show_help() { sed -n '2,/^[^#]/{/^#/{s/^# \{0,1\}//;p;};}' "$1"; }

# wants_help [ARGUMENT...]: is -h or --help among the arguments?
wants_help() {
    for argument; do
        case $argument in -h | --help) return 0 ;; esac
    done
    return 1
}

# asks_for_matrix [ARGUMENT...]: is --matrix, in any form, among the arguments?
asks_for_matrix() {
    for argument; do
        case $argument in --matrix | --matrix=*) return 0 ;; esac
    done
    return 1
}

# names_path FOLDER [ARGUMENT...]: does an argument select files below that folder of the project?
names_path() {
    folder=$1
    shift
    for argument; do
        case $argument in
        "$folder" | "$folder"/* | "./$folder" | "./$folder"/* | "$root/$folder" | "$root/$folder"/*) return 0 ;;
        esac
    done
    return 1
}

# pytest_on FOLDER [ARGUMENT...]: become pytest on a folder of the project, or on what the arguments select of it. The
# folder comes first: behind an option that may have a value, such as --matrix, it would be taken for that.
pytest_on() {
    folder=$1
    shift
    names_path "$folder" "$@" || set -- "$root/$folder" "$@"
    exec "$venv/bin/python" -m pytest -c "$root/pyproject.toml" --rootdir "$root" "$@"
}

. "$root/script/lib/packages.sh"
. "$root/script/lib/python.sh"
. "$root/script/lib/allure.sh"
. "$root/script/lib/axe.sh"
. "$root/script/lib/machines.sh"

# set_up SECTION...: everything that the sections of packages.txt and requirements.lock name.
set_up() {
    mkdir -p "$state" 2>/dev/null || stop "cannot write to $root: clone the project into a directory of your own."
    for file in "$state" "$state"/*; do
        [ -w "$file" ] || [ ! -e "$file" ] ||
            stop "cannot write to $file: make it yours (chown -R), or clone the project into a directory of your own."
    done
    demand_named_python
    exec 9>>"$state/lock"
    if command -v flock >/dev/null && ! flock -n 9; then
        say "waiting for another set-up in $root to end."
        flock 9
    fi
    install_packages "$@"
    install_python_packages
    install_allure
    case " $* " in *" test "*) install_axe ;; esac
    fetch_kernel "$@"
    exec 9>&-
}
