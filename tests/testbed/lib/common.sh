# shellcheck shell=bash
# Words that every part of the testbed uses: messages, the lock, the names of things, and processes that are known by
# more than their number.

say() {
    printf 'testbed: %s\n' "$*" >&2
}

fail() {
    printf 'testbed: error: %s\n' "$*" >&2
    exit 1
}

require_root() {
    [[ $EUID -eq 0 ]] || fail "this must run as root (it mounts file systems and makes network namespaces)"
}

# Where everything lives, and what the things outside of the state directory are called. Testbeds with different state
# directories have different names, so that they can be up at the same time.
locate_state() {
    local digest
    STATE=${MESOS_IAC_TESTBED_DIR:-/var/lib/mesos-iac-testbed}
    STATE=${STATE%/}
    [[ $STATE =~ ^/[A-Za-z0-9._/-]+$ ]] ||
        fail "the state directory must be an absolute path of letters, digits, '.', '_', '-' and '/', but is '$STATE'"
    if [[ $STATE == /var/lib/mesos-iac-testbed ]]; then
        NETNS=mesos-iac
    else
        digest=$(printf '%s' "$STATE" | sha256sum)
        NETNS=mesos-iac-${digest:0:8}
    fi
    KEY=$STATE/controller/id_ed25519
    KNOWN_HOSTS=$STATE/known_hosts
    INPUTS=$STATE/inputs.toml
}

# One invocation at a time may change the state. The lock is outside of the state directory, since destroy removes that.
take_lock() {
    mkdir -p /run/lock
    exec {LOCK}>"/run/lock/$NETNS.testbed.lock"
    if ! flock --nonblock "$LOCK"; then
        say "waiting for another invocation to end"
        flock --timeout 900 "$LOCK" || fail "another invocation has held the lock for 15 minutes"
    fi
}

# Replaces a file as a whole, so that no reader sees half of it. Reads the new content from standard input.
replace_file() {
    local path=$1 mode=$2
    cat >"$path.new"
    chmod "$mode" "$path.new"
    mv "$path.new" "$path"
}

# Removes a directory tree of ours, and refuses when something is still mounted in it.
remove_tree() {
    local tree=$1 mounted
    [[ -e $tree ]] || return 0
    [[ $tree == "$STATE"/?* ]] || fail "refusing to remove $tree: it is not inside of $STATE"
    mounted=$(awk -v tree="$tree" '$2 == tree || index($2, tree "/") == 1 { print $2 }' /proc/self/mounts)
    [[ -z $mounted ]] || fail "refusing to remove $tree: still mounted: $mounted"
    rm -rf --one-file-system "$tree"
}

# Prints the content of a small file, or nothing. Of a file that is missing, $(<FILE) makes bash exit.
read_if_there() {
    local content=
    read -r -d '' content 2>/dev/null <"$1" || true
    printf '%s' "$content"
}

# A process is known by its number, its start time and the boot of the machine: the number alone may be used again.
identity_of_process() {
    local pid=$1 stat boot
    local -a fields
    stat=$(read_if_there "/proc/$pid/stat")
    [[ -n $stat ]] || return 1
    # The name of the program stands in parentheses and may hold anything.
    read -ra fields <<<"${stat##*) }"
    # A zombie runs nothing any more.
    [[ ${fields[0]} != Z && ${fields[0]} != X ]] || return 1
    boot=$(read_if_there /proc/sys/kernel/random/boot_id)
    printf '%s %s %s' "$pid" "${fields[19]}" "$boot"
}

record_process() {
    local file=$1 pid=$2
    identity_of_process "$pid" >"$file.new" || return 1
    mv "$file.new" "$file"
}

# Prints the number of the recorded process if that very process is still alive.
recorded_process() {
    local file=$1 recorded now
    recorded=$(read_if_there "$file")
    [[ -n $recorded ]] || return 1
    now=$(identity_of_process "${recorded%% *}") || return 1
    [[ $now == "$recorded" ]] || return 1
    printf '%s' "${recorded%% *}"
}

# Ends the recorded process at once. The start time is compared immediately before the signal.
kill_recorded() {
    local file=$1 pid
    if pid=$(recorded_process "$file"); then kill -KILL "$pid" 2>/dev/null || true; fi
}

# Runs a function once for each name, all at the same time. A failure does not stop the others; it is kept in FAILED.
FAILED=0
for_each_at_once() {
    local function=$1 name pid
    local -a pids=()
    shift
    for name in "$@"; do
        (
            trap - EXIT
            "$function" "$name"
        ) &
        pids+=("$!")
    done
    for pid in "${pids[@]}"; do
        wait "$pid" || FAILED=1
    done
}
