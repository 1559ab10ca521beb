#!/bin/sh
# A batch with GNU parallel: five shards, two at a time, one of them killed in the middle and all of
# them started again. The results must be, byte for byte, those of one process. Skipped where parallel
# is not installed.
#
#   npm run build && sh test/cluster/parallel.sh
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
if ! parallel --version 2>/dev/null | grep -q GNU; then
  echo "skipped: GNU parallel is not installed (apt-get install parallel)"
  exit 0
fi
dir=$(mktemp -d /tmp/oomsim-parallel.XXXXXX)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin"
printf '#!/bin/sh\nexec node "%s/dist/cli/main.js" "$@"\n' "$root" >"$dir/bin/oomsim"
chmod 755 "$dir/bin/oomsim"
PATH="$dir/bin:$PATH"
export PATH HOME="$dir"
cd "$dir"

batch="oomsim batch splitting --replications ${REPLICATIONS:-50} --workers 1 -q"
shards() { seq 5 | parallel -N0 -j2 "$1 $batch --shard auto/5 --out out" >/dev/null 2>&1 || true; }

shards "timeout -s KILL 3" # nobody gets to the end
kept=$(cat out/*/runs*.csv | grep -c '^[0-9]' || true)
shards "" # the same command goes on
echo "$kept runs were kept from the shards that were killed"

oomsim merge out/splitting.shard-* --out merged >/dev/null
$batch --out alone >/dev/null
for file in runs.csv summary.csv report.html; do
  cmp "merged/splitting/$file" "alone/splitting/$file" || {
    echo "FAILED: $file differs"
    exit 1
  }
done
echo "ok: runs.csv, summary.csv and report.html are those of one process"
