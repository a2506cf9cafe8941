#!/bin/sh
# Usage: apt-install.sh LOG-DIRECTORY PACKAGE...        (as root)
#
# Installs Debian packages and lets none of their services start, neither now nor at the next boot: the maintainer
# scripts find the commands of script/without-services before the system's own. Nothing is left on the machine for
# that, whatever interrupts it. Packages that this system does not have go to LOG-DIRECTORY/unavailable.
#
# Exit status: 0 all are installed; 1 some are not, and a sentence has said which; 4 apt cannot tell which there are, as a
# source of packages is broken or out of reach.

set -u
script=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
directory=$1
shift
log=$directory/apt.log
stand_ins=$script/without-services

say() { printf '%s\n' "sextant: $*" >&2; }

export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none LC_ALL=C.UTF-8

apt() {
    apt-get -q -y -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 \
        -o DPkg::Lock::Timeout=120 -o DPkg::Use-Pty=0 -o DPkg::Options::=--force-confold \
        -o "DPkg::Path=$stand_ins:/usr/sbin:/usr/bin:/sbin:/bin" "$@" </dev/null >>"$log" 2>&1
}

# What systemd or sysvinit would start at the next boot.
enabled() { find /etc/systemd/system /etc/systemd/user /etc/rc[S2-5].d -type l ! -name 'K*' 2>/dev/null | sort; }

has_candidate() { apt-cache policy "$1" 2>/dev/null | grep -q '^  Candidate: [^(]'; }

"$stand_ins/service" 2>/dev/null || {
    say "root cannot execute files below $script (mounted noexec, or a network home?): services could not be kept" \
        "from starting, so nothing is installed."
    exit 1
}

# complaint: what apt said last of what went wrong, without the full stop.
complaint() { sed -n 's/^[EW]: *//p' "$log" | sed '/^Some index files failed/d;s/[. ]*$//' | tail -n 1; }

: >"$log"
fresh=yes
apt -o APT::Update::Error-Mode=any update || fresh=

wanted=
absent=
for package; do
    if has_candidate "$package"; then wanted="$wanted $package"; else absent="$absent $package"; fi
done
if [ -z "$fresh" ] && [ -n "$absent" ]; then
    say "apt cannot tell whether this system has$absent: $(complaint). Mend that source of packages, or connect to the" \
        "network, and start again (all that apt said is in $log)."
    chown --reference="$directory" "$log"
    exit 4
fi
[ -n "$fresh" ] || say "apt could not bring its lists up to date ($(complaint)); trying with those that are there."
status=0
before=$(enabled)

if [ -n "$wanted" ] && ! apt install --no-install-recommends --no-remove $wanted; then
    for package in $wanted; do          # one bad package must not keep the others away
        apt install --no-install-recommends --no-remove "$package" || {
            say "apt could not install $package; its last words are in $log."
            status=1
        }
    done
fi

# The stand-ins keep services off; should a package have a way round them, it is undone here and said.
enabled | while read -r link; do
    case "
$before
" in *"
$link
"*) continue ;; esac
    rm -f "$link"
    say "a package had enabled ${link##*/}; undone ($link removed)."
done

if [ -n "$absent" ]; then
    say "this system has no package$absent."
    printf '%s\n' $absent >"$directory/unavailable"
    chown --reference="$directory" "$directory/unavailable"
    status=1
fi
chown --reference="$directory" "$log"
exit "$status"
