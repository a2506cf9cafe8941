# Debian packages: what is missing, and how it gets here. Part of common.sh.

# is_there PROGRAM: is the program (or python3:MODULE, or /a/file/named/by/a/pattern*) on this machine?
is_there() {
    case $1 in
    python3)
        find_python >/dev/null ;;
    python3:*)
        python=$(find_python) && "$python" -c "import ${1#*:}" 2>/dev/null ;;
    /*)
        for file in $1; do
            [ ! -e "$file" ] || return 0
        done
        return 1 ;;
    *)
        PATH=$search_path command -v "$1" >/dev/null ;;
    esac
}

# missing_packages SECTION...: the Debian packages whose program is not there, one on each line.
missing_packages() {
    section=
    while read -r program package _; do
        case $program in
        '' | '#'*) continue ;;
        '['*']') section=${program#?} section=${section%?} ; continue ;;
        esac
        case " $* " in *" $section "*) ;; *) continue ;; esac
        case $program in
        python3*) ! python_is_ready || continue ;;
        esac
        is_there "$program" || echo "$package"
    done <"$root/script/packages.txt"
}

# apt_line PACKAGE...: what an administrator would type. It starts and enables no service either.
apt_line() {
    echo "sudo apt-get -o DPkg::Path=$root/script/without-services:/usr/sbin:/usr/bin:/sbin:/bin" \
        "install --no-install-recommends $*"
}

# apt_install PACKAGE...: as root or through sudo. What could not be installed is gone without; a source of packages that
# is broken has to be mended first.
apt_install() {
    administrator=
    [ "$(id -u)" = 0 ] || administrator="sudo -n"
    $administrator sh "$root/script/lib/apt-install.sh" "$state" "$@" && return
    [ $? != 4 ] || exit 4
    say "going on with what is there."
}

# install_packages SECTION...: with apt as root, or through sudo where it does not ask; else say the line and go on.
install_packages() {
    missing=
    absent=
    for package in $(missing_packages "$@"); do
        if [ -z "${retry-}" ] && grep -qsx "$package" "$state/unavailable"; then
            absent="$absent $package"
        else
            missing="$missing $package"
        fi
    done
    if [ -n "$absent" ]; then
        say "this system has no package$absent; what needs it does not run (script/setup looks again)."
    fi
    [ -n "$missing" ] || return 0

    if ! command -v apt-get >/dev/null; then
        say "no apt-get here: please install what brings the programs of$missing (docs/packages.md); going on without."
    elif [ "$(id -u)" = 0 ]; then
        say "installing$missing"
        apt_install $missing
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        say "installing$missing (through sudo)"
        apt_install $missing
    else
        say "these packages are missing; going on without. To install them, without starting any service:"
        printf '    %s\n' "$(apt_line $missing)" >&2
    fi
}
