#!/bin/sh
# Stands before Debian's update-rc.d while script/setup installs packages: a new init script is registered as switched
# off. (An init script that is registered already keeps its links: update-rc.d leaves those alone.)
real=/usr/sbin/update-rc.d
[ -x "$real" ] || exit 0
for word; do
    shift
    case $word in
    defaults) set -- "$@" defaults-disabled ;;
    enable) exit 0 ;;
    *) set -- "$@" "$word" ;;
    esac
done
exec "$real" "$@"
