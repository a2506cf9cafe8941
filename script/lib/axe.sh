# axe-core, which looks at the report's pages as a screen reader would; where npm is on this machine. Part of common.sh.
#
# Only one of the suite's own tests needs it, and is skipped without it. What npm could not get is not asked for again
# before script/setup is run.

axe_package=axe-core@4.14.1
axe_folder=$state/axe

install_axe() {
    [ ! -e "$axe_folder/node_modules/axe-core/axe.min.js" ] || return 0
    [ -n "${retry-}" ] || [ ! -e "$state/axe.log" ] || return 0
    command -v npm >/dev/null || return 0
    say "installing $axe_package into .setup"
    mkdir -p "$axe_folder"
    npm install --prefix "$axe_folder" --cache "$axe_folder/cache" --no-save --no-audit --no-fund \
        --ignore-scripts --fetch-retries=0 "$axe_package" >"$state/axe.log" 2>&1 </dev/null ||
        say "npm could not install $axe_package; one test is skipped (npm's words are in .setup/axe.log)."
    rm -rf "$axe_folder/cache"
}
