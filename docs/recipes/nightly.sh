#!/bin/sh
# One night: collect, scan against the night before, verify. For cron, systemd timers and containers.
#
#   nightly.sh FOLDER [option of `azmlscan collect`...]
#
# FOLDER holds azmlscan.yaml and exemptions.yaml, and gets a folder for every night; those older than
# KEEP_DAYS (90) are removed. The exit code is that of the scan.
set -eu
umask 077

folder=$1
shift
cd "$folder"
now=$(date -u +%Y-%m-%dT%H%M%SZ)
mkdir -p nights

# The newest night that has a result; their names sort by time.
last=
for night in nights/????-??-??T*Z; do
  if [ -f "$night/run/result.json" ]; then
    last=$night/run/result.json
  fi
done

mkdir "nights/$now"
azmlscan collect "$@" --config azmlscan.yaml -o "nights/$now/snapshot.zip"
code=0
azmlscan scan "nights/$now/snapshot.zip" --config azmlscan.yaml --exemptions exemptions.yaml \
  ${last:+--baseline "$last"} --output-dir "nights/$now/run" || code=$?
if [ -d "nights/$now/run" ]; then
  azmlscan verify-report "nights/$now/run"
fi

find nights -mindepth 1 -maxdepth 1 -type d -mtime +"${KEEP_DAYS:-90}" -exec rm -r {} +
exit "$code"
