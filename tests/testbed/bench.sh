#!/bin/bash
# The bench on ten real hosts: what mesos-iac takes for the reference workload, against connecting to the same hosts.
# Brings the hosts up, and takes them down again. The last line is the figure.
#
# usage: bench.sh        (as root; the machine must have what `testbed.sh install` installs)
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$HERE/../.."
readonly HOSTS=(bench-0-{0..9})
# How often a first run is measured. Each needs pristine hosts.
readonly FIRST_RUNS=3

testbed() {
    "$HERE/testbed.sh" "$@" </dev/null
}

# The one executable that a build makes, whatever the target directory.
executable_of() {
    "$@" --quiet --message-format json-render-diagnostics | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1
}

existing=$(testbed list | cut -f 1 | grep -E '^bench-0-' || true)
if [[ -n $existing ]]; then
    echo "bench: there are hosts of these names: run '$HERE/testbed.sh down ${HOSTS[*]}' first" >&2
    exit 1
fi
echo "bench: building the program, the agent and the bench" >&2
PROGRAM=$(executable_of cargo build --release --example testbed_reference_workload)
AGENT=$(executable_of cargo agent)
FLEET=$(executable_of cargo bench --bench fleet --no-run)

SCRATCH=$(mktemp -d)
trap 'testbed down "${HOSTS[@]}"; rm -rf "$SCRATCH"' EXIT
testbed up "${HOSTS[@]}"
# The script's variables tell the bench where the keys are.
set -a
eval "$(testbed env)"
set +a
testbed list | awk -F '\t' '$1 ~ /^bench-0-/ { printf "[host.%s]\naddress = \"%s\"\n", $1, $2 }' >"$SCRATCH/inputs.toml"
ADDRESSES=$(testbed list | awk -F '\t' '$1 ~ /^bench-0-/ { print $2 }' | paste -s -d ,)
OPTIONS=(--inputs "$SCRATCH/inputs.toml" --known-hosts "$MESOS_IAC_TESTBED_KNOWN_HOSTS" --identity "$MESOS_IAC_TESTBED_KEY"
    --agent "$AGENT")

note() {
    testbed controller "$FLEET" time "$SCRATCH/samples" "$@"
}

for ((run = 1; run <= FIRST_RUNS; run++)); do
    echo "bench: first runs, $run of $FIRST_RUNS" >&2
    if ((run > 1)); then testbed reset "${HOSTS[@]}"; fi
    note "first run, the agent not there yet" 0 "$PROGRAM" apply "${OPTIONS[@]}"
    testbed reset "${HOSTS[@]}"
    # A plan brings the agent and changes nothing.
    testbed controller "$PROGRAM" plan "${OPTIONS[@]}" >/dev/null
    note "first run, the agent there" 0 "$PROGRAM" apply "${OPTIONS[@]}"
done
echo "bench: nothing to do" >&2
testbed controller "$FLEET" compare "$SCRATCH/samples" "$ADDRESSES" "$PROGRAM" apply "${OPTIONS[@]}"
