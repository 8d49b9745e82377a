# shellcheck shell=bash
# The apt repository that the hosts have: some of Debian's packages with all that they need, and the fixtures.

# Hosts can install these, with their dependencies.
readonly OFFERED_PACKAGES=(
    zookeeper zookeeperd default-jre-headless haproxy nginx-light rsyslog logrotate curl ca-certificates unzip jq tree
    hello cowsay nftables docker.io dnf createrepo-c rpm gnupg
)

# The base has these; a host that loses them can get them back.
readonly OFFERED_AGAIN=(sudo cron cron-daemon-common procps libproc2-0)

# Name and version of each package that is built from the files under fixtures/.
readonly FIXTURES=(
    # Those of the example storage_profiles, which upgrades them.
    mesos=0.21.0-1
    mesos=0.22.0-1
    marathon=0.7.5-1
    marathon=0.8.0-1
    # Those of stacki_appliances, ansible_mesos and cloud_native_stack.
    mesos=0.22.1-1
    mesos=1.11.0-1
    marathon=0.8.2-1
    marathon=1.4.13-1
    marathon=1.5.15-1
    mesos=1.11.0-fixture1
    mesos=1.11.0-fixture2
    marathon=1.4.13-fixture1
    chronos=3.0.2-1
    # Above whatever version Debian has.
    default-jre=99:1-fixture1
)

build_fixtures() {
    local repository=$1 fixture
    mkdir -p "$repository"
    for fixture in "${FIXTURES[@]}"; do
        build_fixture "${fixture%%=*}" "${fixture#*=}" "$repository"
    done
    write_indexes "$repository"
}

# Adds Debian's packages to the fixtures. The root file system of the base must have a network, and current package
# lists in which the fixtures are too.
add_debian_packages() {
    local root=$1 repository=$2
    download_closure "$root" "$repository"
    write_indexes "$repository"
}

# Each package is resolved on its own against the bare base, so that a host can install any of them alone.
download_closure() {
    local root=$1 repository=$2 package archives=/var/cache/apt/closure file name
    mkdir -p "$root$archives/partial" "$root$archives/none/partial"
    # Files of earlier builds: apt checks them against its lists before it uses them.
    cp --link "$STATE"/cache/archives/*.deb "$root$archives/" 2>/dev/null || true
    for package in "${OFFERED_PACKAGES[@]}"; do
        fetch_closure_of "$root" "$archives" install "$package"
    done
    fetch_closure_of "$root" "$archives" --reinstall install "${OFFERED_AGAIN[@]}"

    # Only what this build asked for; the cache may hold more.
    while read -r name; do
        file=$root$archives/$name
        [[ -f $file ]] || fail "apt said it would fetch $name, but did not"
        ln "$file" "$STATE/building/archives/"
        # An epoch in a file name is written as %3a, which is a trap in a URL.
        if [[ $name == *_*%3a*_* ]]; then
            ln --force "$file" "$repository/${name%%_*}_${name#*%3a}"
        else
            ln --force "$file" "$repository/$name"
        fi
    done < <(LC_ALL=C sort -u "$STATE/building/wanted")
    rm -rf "$root$archives"
}

fetch_closure_of() {
    local root=$1 archives=$2
    local -a apt=(apt-get --assume-yes --no-install-recommends -o "Dir::Cache::archives=$archives")
    shift 2
    # With an empty archive, since apt prints only what it does not have yet.
    in_root "$root" "${apt[@]}" -o "Dir::Cache::archives=$archives/none" --print-uris "$@" 2>>"$STATE/base.log" |
        sed -n "/^'file:/d; s/^'[^']*' \([^ ]*\) .*/\1/p" >>"$STATE/building/wanted"
    logged in_root "$root" "${apt[@]}" --download-only "$@"
}

# Builds one package from the files under fixtures/, with @VERSION@ and @ARCHITECTURE@ filled in.
build_fixture() {
    local name=$1 version=$2 repository=$3 tree=$STATE/building/fixture architecture file
    architecture=$(dpkg --print-architecture)
    remove_tree "$tree"
    mkdir -p "$tree"
    # A package without content has no such directory.
    if [[ -d $HERE/fixtures/$name/root ]]; then
        cp --recursive --no-dereference --preserve=mode "$HERE/fixtures/$name/root/." "$tree/"
    fi
    cp --recursive --preserve=mode "$HERE/fixtures/$name/DEBIAN" "$tree/"
    while IFS= read -r -d '' file; do
        sed -i "s/@VERSION@/$version/g; s/@ARCHITECTURE@/$architecture/g" "$file"
        # Whatever the umask of the checkout was.
        if [[ -x $file ]]; then chmod 0755 "$file"; else chmod 0644 "$file"; fi
    done < <(find "$tree" -type f -print0)
    find "$tree" -type d -exec chmod 0755 {} +
    logged dpkg-deb --root-owner-group --build "$tree" "$repository"
    remove_tree "$tree"
}

write_indexes() {
    local repository=$1 file
    (
        cd "$repository" || exit 1
        dpkg-scanpackages --multiversion . >Packages 2>>"$STATE/base.log"
        gzip --force --keep --no-name Packages
        {
            printf 'Origin: mesos-iac testbed\nLabel: mesos-iac testbed\nSuite: testbed\nCodename: testbed\n'
            printf 'Date: %s\n' "$(LC_ALL=C date --utc '+%a, %d %b %Y %H:%M:%S UTC')"
            printf 'Architectures: %s all\n' "$(dpkg --print-architecture)"
            printf 'Description: packages for the hosts of the mesos-iac testbed\n'
            printf 'SHA256:\n'
            for file in Packages Packages.gz; do
                printf ' %s %s %s\n' "$(sha256sum "$file" | cut -d ' ' -f 1)" "$(stat --format %s "$file")" "$file"
            done
        } >Release
    )
    chmod -R u=rwX,go=rX "$repository"
}

# Makes the repository a package source of a root file system. Nothing is copied: it must be mounted where it is used.
add_repository_source() {
    local root=$1
    printf 'deb [trusted=yes] file:/srv/apt ./\n' >>"$root/etc/apt/sources.list"
    mkdir -p "$root/srv/apt"
}
