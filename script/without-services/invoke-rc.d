#!/bin/sh
# Stands before Debian's invoke-rc.d while script/setup installs packages: starts, restarts and stops nothing.
exit 0
