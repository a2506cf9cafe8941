# Allure's own page, where npm and Java (or Node 20) are on this machine. Part of common.sh.
#
# Nothing needs it: without it, the report has no allure.html and says so. What npm could not get is not asked for
# again before script/setup is run.

allure_folder=$state/allure

# allure_package: the npm package that runs here: Allure 2 is one package and needs Java, Allure 3 needs Node 20.
allure_package() {
    if command -v java >/dev/null; then
        echo allure-commandline@2.46.1
    elif [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 20 ]; then
        echo allure@3.18.0
    else
        return 1
    fi
}

install_allure() {
    [ ! -x "$allure_folder/node_modules/.bin/allure" ] || return 0
    ! command -v allure >/dev/null || return 0
    [ -n "${retry-}" ] || [ ! -e "$state/allure.log" ] || return 0
    command -v npm >/dev/null || return 0
    package=$(allure_package) || return 0
    say "installing $package into .setup"
    mkdir -p "$allure_folder"
    npm install --prefix "$allure_folder" --cache "$allure_folder/cache" --no-save --no-audit --no-fund \
        --ignore-scripts --fetch-retries=0 "$package" >"$state/allure.log" 2>&1 </dev/null ||
        say "npm could not install $package; going on without allure.html (npm's words are in .setup/allure.log)."
    rm -rf "$allure_folder/cache"
}
