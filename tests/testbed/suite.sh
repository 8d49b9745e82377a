#!/bin/bash
# The suite on real hosts: installs what it needs, makes the testbed, runs the tests in main.rs.
#
# usage: suite.sh [NAME]     only the tests whose names have NAME in them
set -euo pipefail
cd "$(dirname "$0")/../.."

tests/testbed/testbed.sh install
tests/testbed/testbed.sh base
cargo agent
exec cargo test --test testbed -- --nocapture "$@"
