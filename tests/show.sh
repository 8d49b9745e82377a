#!/bin/bash
# Shows one promise of the project and ends in a line with its figure. CONTRIBUTING.md lists them.
#
# usage: tests/show.sh PROMISE [DIR]
#
#   sandbox       the example in a sandbox: the files of the document, a second run, a plan of what was edited
#   bad-input     every mistake of the list is refused with what, where, why and what next
#   kills         a run is killed at every single step and repeated, also twice with a definition that is taken back; then
#                 each change and each look of a run fails, one after the other; needs strace
#   engine        when a refresh comes and how strong it is, why a host differs, what is done at the same time
#   flags         the tables of flags against the sources of all releases of Mesos
#   graphs        properties of runs over random graphs with random failures
#   edges         each row of the published table of automatic edges
#   lints         each lint in a definition that has its mistake, and in a near one that hasn't
#   links         resources that a link leads together: told at compile, by plans, and before the second is written
#   damage        state on a host that can't be read: told by target, set aside, nothing lost in silence
#   truth-table   each row of the published truth table of refreshes, for each relation
#   hosts         five real hosts over libssh2 as root, then over OpenSSH through sudo; needs root
#   exactness     random catalogs on real files: planned, applied, compared
#   unreachable   a dead host among others: they converge, exit 5; needs root
#   canary        secrets are where they are for and nowhere else; needs root
#   states        two controllers at once; a state that is somebody else's, newer, cut, or has no room; needs root
#   agent-kills   the agent is killed at 100 random moments of runs on real hosts; needs root
#   network-cuts  a host's network is cut at 20 random moments of runs; needs root
#   stray         what a killed agent left running is ended by the next run; needs root
#   interrupt     Ctrl-C, and a controller that is gone: the host stops at a boundary and keeps its report; needs root
#   lockout       a firewall rule and an sshd_config that cut SSH off are undone by the host, also across a reboot; needs root
#   exactness-hosts   random catalogs on real hosts: planned, applied, compared; needs root
#   saved-plan-hosts  a saved plan of ten real hosts, one of which was edited by hand since; needs root
#   first-contact     a host that was made to match by hand is left alone; needs root
#   plan-packages     a plan asks apt-get once, and only where packages change; needs root
#   saved-plan    a plan is saved, shown, obeyed, and refused where the host isn't as it says
#   prune         what we changed is undone when it leaves the definition; what looks at a host says what it sees
#   kinds         exclusive directories, repositories, units, timers, cron jobs on a real host; needs root
#   yum           a real dnf installs from a repository of yum that is declared; needs root
#   units         unit files and timers, and every unit of the role library, pass systemd-analyze verify
#   haproxy-config    what HAProxy says of all that the bridge from Marathon writes; needs haproxy, which it installs as root
#   haproxy-hosts     HAProxy on real hosts serves what a Marathon lists, and outlives it; needs root
#   examples      each example: its snapshot, its idempotence, a sandbox, what lints say
#   examples-hosts    examples on real hosts: an ensemble that loses its leader, HAProxy, Docker, an app deployed; needs root
#   capabilities  every row of what the five documents describe, with its place and its test
#   third-party   a role module in a crate of its own, composed with the role library
#   trust         a changed or unknown host key is refused before anything is sent; needs root
#   upload        an edited definition sends a catalog and no program; needs root
#   connections   100 concurrent first connections, static and dynamic controller; needs root
#   nothing-to-do an apply that finds nothing to do on ten hosts, against connecting to them; needs root, takes 5 minutes
#   build         the time of `cargo build` and `cargo test --workspace` from nothing; 5 to 10 minutes
#   benches       compile, graphs, and a thousand files against cf-agent; needs root and Debian's cfengine3, which it installs
#   workloads     apps and jobs: what is refused offline, and deployments against a server that speaks the documented API
#   schemas DIR   the JSON of apps against Marathon's own schemas, DIR/vVERSION/AppDefinition.json; needs python3-jsonschema
#   edit          the time from an edited example to its plan in a sandbox
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}

sandbox() {
    local lab=target/show/lab run=$target/debug/examples/stacki_mesos status files
    rm -rf "$lab"
    cargo build --quiet --example stacki_mesos
    "$run" apply --sandbox "$lab" >/dev/null
    [ "$(cat "$lab"/backend-0-0/etc/mesos/zk)" = 'zk://10.1.255.254:2181/mesos' ]
    [ "$(wc -c <"$lab"/backend-0-0/etc/mesos/zk)" -eq 29 ]
    [ "$(cd "$lab" && ls -d */etc/mesos-master/ip */etc/mesos-master/cluster)" = \
        $'backend-0-0/etc/mesos-master/cluster\nbackend-0-0/etc/mesos-master/ip' ]
    [ "$(cd "$lab" && ls -d */etc/mesos-slave/ip | tr '\n' ' ')" = \
        'backend-0-1/etc/mesos-slave/ip backend-0-2/etc/mesos-slave/ip backend-0-3/etc/mesos-slave/ip backend-0-4/etc/mesos-slave/ip ' ]
    "$run" apply --sandbox "$lab" --detailed-exitcode
    echo 'zk://10.9.9.9:2181/mesos' >"$lab"/backend-0-2/etc/mesos/zk
    status=0
    "$run" plan --sandbox "$lab" --detailed-exitcode | tee target/show/plan || status=$?
    [ "$status" -eq 2 ]
    files=$(grep -c '^~ ' target/show/plan)
    echo "sandbox: the files of the document are there, a second apply exits 0, a plan after an edit shows $files file and exits $status"
}

# The mistakes of the list, each by the test that makes it. One more, a template with an undefined variable, is among those
# that the compiler tells.
MISTAKES=(
    definition::a_pattern_that_matches_nothing_is_a_mistake_with_its_line
    bad_input::an_unknown_attribute
    bad_input::a_value_of_the_wrong_type
    definition::an_unset_attribute_names_host_key_scopes_and_place
    compile::two_roles_that_write_one_file_are_a_mistake_with_both_lines
    compile::a_cycle_names_its_members_and_their_lines
    definition::an_empty_cluster_is_a_mistake
    bad_input::hosts_that_answer_nothing_are_each_reported # on real hosts, where the others converge: `unreachable`
    agent::another_operating_system_than_the_declared_one_is_refused
    agent::another_version_of_the_protocol_is_refused
    bad_input::a_port_that_answers_garbage
)

bad_input() {
    local passed
    # With another compiler than the pinned one it fails then, instead of being left out.
    CI=true cargo test --quiet -p mesos-iac-ui-tests 2>&1 | tee target/show/bad-input
    cargo test --quiet --test it -- --exact "${MISTAKES[@]}" 2>&1 | tee -a target/show/bad-input
    passed=$(sed -n 's/^test result: ok. \([0-9]*\) passed.*/\1/p' target/show/bad-input | awk '{ all += $1 } END { print all }')
    [ "$passed" = $((${#MISTAKES[@]} + 1)) ]
    echo "bad-input: $passed of $((${#MISTAKES[@]} + 1)) mistakes of the list are refused with what, where, why and what next"
}

# The promises of the suite whose names hold this word. It prints its figures one by one; the last line repeats them.
suite() {
    tests/testbed/suite.sh "$2" | tee "target/show/$1"
    echo "$1: $(sed -n 's/^  shown: //p' "target/show/$1" | sed 's/  ([0-9.]* s)$//' | paste -sd'|' | sed 's/|/; /g')"
}

seconds() {
    local from to
    from=$(date +%s.%N)
    # No time of what failed.
    "$@" >&2 || return
    to=$(date +%s.%N)
    awk "BEGIN { printf \"%.1f\", $to - $from }"
}

build() {
    local directory build test
    directory=$(mktemp -d)
    export CARGO_TARGET_DIR=$directory
    build=$(seconds cargo build --quiet)
    test=$(seconds cargo test --quiet --workspace)
    rm -rf "$directory"
    echo "build: cargo build from nothing $build s, then cargo test --workspace $test s, on $(nproc) cores"
}

edit() {
    local example=examples/stacki_mesos.rs copy took
    copy=$(mktemp)
    cp "$example" "$copy"
    # shellcheck disable=SC2064
    trap "cp '$copy' '$example'; rm -f '$copy'" EXIT
    cargo build --quiet --example stacki_mesos
    rm -rf target/show/edit
    sed -i 's/"MesosCluster"/"EditedCluster"/' "$example"
    took=$(seconds cargo run --quiet --example stacki_mesos -- plan --sandbox target/show/edit)
    "$target/debug/examples/stacki_mesos" plan --sandbox target/show/edit | grep -q EditedCluster
    echo "edit: from an edited definition to its plan in a sandbox: $took s"
}

benches() {
    if ! command -v cf-agent >/dev/null; then
        apt-get update -q >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q cfengine3 >&2
    fi
    cargo bench --quiet -p mesos-iac | tee target/show/benches
    echo
    grep '^benches:' target/show/benches
}

# Runs that are killed, then runs that fail: each step once.
kills() {
    cargo test --quiet --test kills | tee target/show/kills
    cargo test --quiet --test it -- failing_steps:: --nocapture 2>&1 | tee target/show/failures
    echo "kills: $(tail -n 1 target/show/kills | sed 's/^kills: //'); $(sed -n 's/^\.*failures: //p' target/show/failures | grep .)"
}

haproxy_config() {
    if ! command -v /usr/sbin/haproxy >/dev/null; then
        apt-get update -q >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q haproxy >&2
    fi
    cargo test --quiet --test haproxy -- --nocapture 2>&1 | tee target/show/haproxy-config
    echo "haproxy-config: $(sed -n 's/^\.*haproxy-config: //p' target/show/haproxy-config | sort | paste -sd';' | sed 's/;/; /g')"
}

# Shows one promise. Its figure is the last line.
show() {
    case "${1-}" in
    sandbox) sandbox ;;
    bad-input) bad_input ;;
    hosts | trust | connections | states | canary | lockout | kinds | yum) suite "$1" "$1::" ;;
    unreachable) suite "$1" a_dead_host ;;
    upload) suite "$1" an_edited_ ;;
    interrupt) suite "$1" losses::an_ ;;
    lints) cargo test --quiet --test it -- lints::each_lint_finds_its_mistake --nocapture 2>&1 | grep '^lints:' ;;
    exactness) cargo test --quiet --test it -- exactness:: --nocapture 2>&1 | grep '^exactness:' ;;
    agent-kills) suite "$1" kills::an_agent ;;
    stray) suite "$1" kills::what_a_killed_run_left ;;
    network-cuts) suite "$1" kills::a_network ;;
    exactness-hosts) suite "$1" plans::a_plan_is_what_a_run_does ;;
    saved-plan-hosts) suite "$1" plans::a_saved_plan_refuses ;;
    first-contact) suite "$1" left_alone_at_first_contact ;;
    plan-packages) suite "$1" plans::the_package_manager_is_asked_once ;;
    saved-plan)
        cargo test --quiet --test it -- saved_plan:: orphans:: 2>&1 | tee target/show/saved-plan
        echo "saved-plan: $(sed -n 's/^test result: ok. \([0-9]*\) passed.*/\1/p' target/show/saved-plan) tests: a plan is saved, shown and obeyed; the host that was edited by hand is refused by name"
        ;;
    prune)
        cargo test --quiet --test it -- orphans:: looking:: 2>&1 | tee target/show/prune
        passed=$(sed -n 's/^test result: ok. \([0-9]*\) passed.*/\1/p' target/show/prune)
        [ -n "$passed" ]
        echo "prune: $passed tests: what we changed is undone when it leaves the definition, and what we found stays"
        ;;
    haproxy-config) haproxy_config ;;
    haproxy-hosts) suite "$1" haproxy:: ;;
    examples-hosts) suite "$1" examples:: ;;
    examples)
        cargo test --quiet --test it -- examples:: 2>&1 | tee target/show/examples
        grep -q ' 0 failed' target/show/examples
        echo "examples: $(grep -c '^    ("\|^        "' tests/it/examples.rs) examples, $(grep -o '[0-9]* passed' target/show/examples) tests"
        ;;
    capabilities) cargo test --quiet --test it -- capabilities:: --nocapture 2>&1 | grep '^capabilities:' ;;
    third-party)
        cargo test --quiet -p third-party-exporters 2>&1 | tee target/show/third-party
        grep -q ' 0 failed' target/show/third-party
        echo "third-party: $(grep -o '[0-9]* passed' target/show/third-party | head -n 1), without a change to the library"
        ;;
    workloads)
        cargo test --quiet --test it -- workload deploy:: chronos:: 2>&1 | tee target/show/workloads
        passed=$(sed -n 's/^test result: ok. \([0-9]*\) passed.*/\1/p' target/show/workloads)
        [ -n "$passed" ]
        rules() { sed -n 's/^\([0-9]*\) rules$/\1/p' "snapshots/$1__mistakes.snap"; }
        echo "workloads: $passed tests; $(rules workloads) rules for apps and $(rules chronos) for jobs, each with one that breaks it and a near one that doesn't"
        ;;
    schemas)
        MARATHON_SCHEMAS=$(realpath "${2:?a directory with the schemas of the repository of Marathon}") \
            cargo test --quiet --test it -- workloads::marathons_own_schemas --nocapture 2>&1 | tee target/show/schemas
        grep '^schemas:' target/show/schemas | tail -n 1
        ;;
    build) build ;;
    benches) benches ;;
    edit) edit ;;
    graphs)
        cases=$(sed -n 's/.*with_cases(\([0-9]*\)).*/\1/p' tests/it/graphs.rs | paste -sd/)
        cargo test --quiet --test it -- graphs:: 2>&1 | tee target/show/graphs
        echo "graphs: $(sed -n 's/^test result: ok. \([0-9]*\) passed.*/\1/p' target/show/graphs) properties held over $cases random graphs of up to 23 resources"
        ;;
    flags) cargo test --quiet --test it -- flag_tables:: --nocapture 2>&1 | grep -o 'flags: .*' ;;
    units)
        cargo test --quiet --test it -- kinds::systemd roles::rendered --nocapture 2>&1 | tee target/show/units
        echo "units: $(sed -n 's/^\.*units: //p' target/show/units); $(sed -n 's/^\.*role-units: //p' target/show/units)"
        ;;
    edges) cargo test --quiet --test it -- automatic:: --nocapture 2>&1 | grep '^edges:' ;;
    links | damage)
        cargo test --quiet --test it -- "$1::" 2>&1 | tee "target/show/$1"
        passed=$(grep -o '[0-9]* passed' "target/show/$1")
        grep -q ' 0 failed' "target/show/$1"
        echo "$1: $passed"
        ;;
    truth-table) cargo test --quiet --test it -- truth_table:: --nocapture 2>&1 | grep '^truth-table:' ;;
    kills) kills ;;
    engine)
        cargo test --quiet --test it -- engine:: 2>&1 | tee target/show/engine
        echo "engine: $(sed -n 's/^test result: ok. \([0-9]*\) passed.*/\1/p' target/show/engine) tests: an immediate refresh comes at once, a restart includes a reload, drift is told from a changed definition, checks and files are made at the same time"
        ;;
    nothing-to-do)
        tests/testbed/testbed.sh install
        tests/testbed/testbed.sh base
        tests/testbed/bench.sh
        ;;
    *)
        sed -n '/^# usage/,/^set/ s/^# \{0,1\}//p' "$0" >&2
        exit 1
        ;;
    esac
}

# A figure that wasn't taken leaves a gap: an empty part, or two spaces where it would stand.
mkdir -p target/show
show "$@" | tee target/show/figure
if ! tail -n 1 target/show/figure | grep -q '^[a-z-]*: *[^ ]' || tail -n 1 target/show/figure | grep -qE '[:;] *(;|$)|  '; then
    echo "show: failed to take the figure of \`$1\`: the last line has a gap where it would stand; perhaps a tool that it needs" \
        "isn't on this machine (\`systemd-analyze\` for \`units\`): install it, and show it again" >&2
    exit 1
fi
