# shellcheck shell=bash
# The base root file system that all hosts share, and what the machine needs for it.
# This file, repository.sh and the fixtures are what a base is made of: a change in them makes a new base.

# Commands that must be there, each with the Debian package that has it.
readonly MACHINE_NEEDS=(
    debootstrap:debootstrap
    systemd-nspawn:systemd-container
    ip:iproute2
    ssh:openssh-client
    ssh-keygen:openssh-client
    dpkg-scanpackages:dpkg-dev
    unshare:util-linux
    nsenter:util-linux
    flock:util-linux
    gpg:gnupg
    mount:mount
)

# Beyond debootstrap's minimal variant.
readonly BASE_PACKAGES=(systemd systemd-sysv dbus openssh-server iproute2 sudo cron procps)

# Units that cost time at boot, or that work only on a machine of one's own.
readonly MASKED_UNITS=(
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer
    console-getty.service dev-hugepages.mount sys-fs-fuse-connections.mount
)

install_needs() {
    local need package
    local -a missing=()
    [[ -x $(command -v apt-get) ]] || fail "the testbed needs a Debian machine: there is no apt-get here"
    for need in "${MACHINE_NEEDS[@]}"; do
        package=${need#*:}
        if ! command -v "${need%%:*}" >/dev/null && [[ " ${missing[*]} " != *" $package "* ]]; then
            missing+=("$package")
        fi
    done
    if [[ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ]]; then missing+=(debian-archive-keyring); fi
    if [[ ${#missing[@]} -eq 0 ]]; then
        say "install: nothing is missing"
        return
    fi
    say "install: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update --quiet=2 </dev/null >&2
    apt-get install --quiet=2 --assume-yes --no-install-recommends "${missing[@]}" </dev/null >&2
}

require_needs() {
    local need
    for need in "${MACHINE_NEEDS[@]}"; do
        command -v "${need%%:*}" >/dev/null ||
            fail "${need%%:*} is missing (package ${need#*:}): run '$0 install' first"
    done
}

make_controller_key() {
    if [[ -s $KEY && -s $KEY.pub ]]; then return; fi
    mkdir -p "${KEY%/*}"
    chmod 0700 "${KEY%/*}"
    rm -f "$KEY" "$KEY.pub"
    ssh-keygen -q -t ed25519 -N '' -C mesos-iac-testbed -f "$KEY"
}

# Everything that a base is made of, as one number.
base_inputs() {
    (
        cd "$HERE" || exit 1
        find lib/base.sh lib/repository.sh fixtures/*/ -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
        find fixtures/*/ '(' -type l -o -type f -perm /100 ')' -printf '%p %l\n' | LC_ALL=C sort
        cat "$KEY.pub"
        dpkg --print-architecture
        release_of_machine
    ) | sha256sum | cut -d ' ' -f 1
}

release_of_machine() {
    (
        # shellcheck source=/dev/null
        . /etc/os-release
        printf '%s\n' "${VERSION_CODENAME:-}"
    )
}

base_is_current() {
    [[ -d $STATE/base && -d $STATE/repo && -s $STATE/base.stamp && -s $KEY.pub ]] &&
        [[ $(<"$STATE/base.stamp") == "$(base_inputs)" ]]
}

# The package sources of Debian that the machine itself uses, one line each, as sources.list writes them.
debian_sources() {
    # apt replaces these names, not the shell.
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(CREATED_BY) $(ORIGIN) deb $(REPO_URI) $(RELEASE) $(COMPONENT)' |
        sed -n 's/^Packages Debian deb /deb /p' | LC_ALL=C sort -u
}

# The settings of the machine's apt about how to fetch, such as a proxy.
fetch_settings() {
    apt-config dump | grep -E '^Acquire::(http|https|Retries|Check-)' || true
}

ensure_base() {
    require_needs
    mkdir -p "$STATE"
    chmod 0755 "$STATE"
    make_controller_key
    if base_is_current; then return; fi
    if [[ -n $(existing_hosts) ]]; then
        fail "the base must be built anew, but hosts are made from the old one: run '$0 down' first"
    fi
    build_base
}

build_base() {
    local work=$STATE/building release mirror proxy began=$SECONDS
    release=$(release_of_machine)
    if [[ -z $(debian_sources) ]]; then apt-get update --quiet=2 </dev/null >&2; fi
    mirror=$(debian_sources | awk -v release="$release" '$3 == release && $4 == "main" { print $2; exit }')
    [[ -n $mirror ]] || fail "apt on this machine has no source for the main packages of Debian '$release'"

    remove_tree "$work"
    mkdir -p "$work/archives" "$STATE/cache/bootstrap" "$STATE/cache/archives"
    # shellcheck disable=SC2064
    trap "rm -rf --one-file-system '$work'" EXIT

    say "base: debootstrap of $release from $mirror (log: $STATE/base.log)"
    : >"$STATE/base.log"
    proxy=$(apt-config dump Acquire::http::Proxy --format '%v%n' 2>/dev/null || true)
    if [[ -n $proxy ]]; then export http_proxy=$proxy; fi
    # What debootstrap mounts is gone with its namespace, however it ends.
    logged unshare --mount --pid --fork --kill-child \
        debootstrap --variant=minbase --cache-dir="$STATE/cache/bootstrap" \
        --include="$(IFS=, && echo "${BASE_PACKAGES[*]}")" "$release" "$work/base" "$mirror"

    say "base: the package repository"
    build_fixtures "$work/repo"
    lend_network "$work/base"
    add_repository_source "$work/base"
    logged in_root "$work/base" apt-get update
    logged in_root "$work/base" apt-get --assume-yes --no-install-recommends dist-upgrade
    add_debian_packages "$work/base" "$work/repo"
    return_network "$work/base"
    add_repository_source "$work/base"
    logged in_root "$work/base" apt-get update
    configure_base "$work/base"
    rm -f "$work/base/usr/sbin/policy-rc.d"
    rm -rf "$work/base"/var/log/*.log "$work/base"/var/log/apt/* "$work/base"/tmp/* "$work/base"/run/*

    rm -f "$STATE/base.stamp"
    remove_tree "$STATE/base"
    remove_tree "$STATE/repo"
    mv "$work/base" "$STATE/base"
    mv "$work/repo" "$STATE/repo"
    remove_tree "$STATE/cache/archives"
    mv "$work/archives" "$STATE/cache/archives"
    base_inputs | replace_file "$STATE/base.stamp" 0644
    remove_tree "$work"
    trap - EXIT
    say "base: built in $((SECONDS - began)) s"
}

# Runs a command with its output in the log of the build, and shows the end of that log when it fails.
logged() {
    if ! "$@" </dev/null >>"$STATE/base.log" 2>&1; then
        tail -n 20 "$STATE/base.log" >&2
        fail "could not build the base: '$1' failed (the whole log: $STATE/base.log)"
    fi
}

# Runs a command inside of the root file system that is being built, with the repository where hosts have it.
in_root() {
    local root=$1
    shift
    # shellcheck disable=SC2016
    unshare --mount --pid --fork --kill-child sh -c '
        mount -t proc proc "$0/proc"
        if test -d "$0/srv/apt"; then mount --bind "${0%/*}/repo" "$0/srv/apt"; fi
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
            chroot "$0" "$@"' "$root" "$@"
}

# While it is built, the base uses the package sources and the resolver of the machine; no service may start.
lend_network() {
    local root=$1
    debian_sources >"$root/etc/apt/sources.list"
    fetch_settings >"$root/etc/apt/apt.conf.d/00machine"
    printf 'APT::Sandbox::User "root";\n' >>"$root/etc/apt/apt.conf.d/00machine"
    cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 0755 "$root/usr/sbin/policy-rc.d"
}

return_network() {
    local root=$1
    rm -f "$root/etc/apt/apt.conf.d/00machine" "$root/etc/apt/sources.list" "$root/etc/resolv.conf"
    rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
}

configure_base() {
    local root=$1 name
    : >"$root/etc/resolv.conf"
    : >"$root/etc/motd"
    : >"$root/etc/machine-id"
    rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/var/lib/dbus/machine-id"

    mkdir -p "$root/etc/ssh/sshd_config.d" "$root/etc/systemd/journald.conf.d"
    cat >"$root/etc/ssh/sshd_config.d/testbed.conf" <<'END'
HostKey /etc/ssh/ssh_host_ed25519_key
HostKey /etc/ssh/ssh_host_rsa_key
MaxStartups 200
MaxSessions 100
UseDNS no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PrintLastLog no
END
    # Without it PAM complains in the journal at each login.
    printf 'LANG=C.UTF-8\n' >"$root/etc/default/locale"
    # What PAM would print at each login.
    sed -i -E '/pam_(motd|mail)\.so/s/^/#/' "$root/etc/pam.d/sshd"
    cat >"$root/etc/systemd/journald.conf.d/testbed.conf" <<'END'
[Journal]
Storage=volatile
RuntimeMaxUse=16M
END

    for name in "${MASKED_UNITS[@]}"; do
        ln -sfn /dev/null "$root/etc/systemd/system/$name"
    done
    ln -sfn /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"

    for name in deploy nosudo; do
        logged in_root "$root" useradd --create-home --shell /bin/bash --password '*' "$name"
    done
    printf 'deploy ALL=(ALL) NOPASSWD: ALL\n' >"$root/etc/sudoers.d/deploy"
    chmod 0440 "$root/etc/sudoers.d/deploy"
    for name in root home/deploy home/nosudo; do
        mkdir -p "$root/$name/.ssh"
        chmod 0700 "$root/$name/.ssh"
        install -m 0600 "$KEY.pub" "$root/$name/.ssh/authorized_keys"
        chown --recursive --reference="$root/$name" "$root/$name/.ssh"
    done
}
