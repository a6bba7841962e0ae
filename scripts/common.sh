# Functions that the other scripts share: they install packages, and build firn in its only configuration.

firn=.build/release/firn
# A worker does not run as root unless that is allowed. In a container, root is whoever there is.
[ "$(id -u)" -ne 0 ] || export FIRN_WORKER_ALLOW_ROOT=true
build_flags=(-c release -Xswiftc -enable-testing)

# Installs those of the named Debian packages that are missing.
install_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "these packages are missing, and installing them needs root or sudo: ${missing[*]}" >&2
            exit 1
        fi
        root=(sudo)
    fi
    ${root[@]+"${root[@]}"} apt-get update -qq
    ${root[@]+"${root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
}

build_firn() {
    command -v swift >/dev/null || { echo "the Swift toolchain (6.2 or newer) is not on PATH; install it from swift.org" >&2; exit 1; }
    swift build "${build_flags[@]}" --product firn
    swift build "${build_flags[@]}" --product firn-farm
}
