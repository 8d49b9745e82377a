#!/bin/sh
# mesos-iac: no services during a package transaction
#
# Denies only while the lock is held, which ends with the transaction at the latest. If you find this file on a host where
# none is going on, a run was killed: it allows everything, and may be removed.
lock=/run/mesos-iac.no-services
[ "$1" = --quiet ] && shift
[ -e "$lock" ] || exit 0
flock --nonblock --shared --conflict-exit-code 99 "$lock" true
[ $? -eq 99 ] || exit 0
read -r denied <"$lock"
case "$denied:$2" in
all-but-stop:stop | all-but-stop:'(stop)') exit 0 ;;
esac
exit 101
