#!/bin/sh
# A batch on Slurm: two nodes on loopback, one of them killed in the middle. The results must be, byte
# for byte, those of one machine. Needs Debian's slurm-wlm and munge, and root; else it is skipped.
#
#   npm run build && sh test/cluster/slurm.sh
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
for tool in slurmctld slurmd sbatch squeue munged; do
  if ! command -v "$tool" >/dev/null; then
    echo "skipped: $tool is not installed (apt-get install slurm-wlm munge)"
    exit 0
  fi
done
if [ "$(id -u)" != 0 ]; then
  echo "skipped: slurmd wants to be started by root"
  exit 0
fi

dir=$(mktemp -d /tmp/oomsim-slurm.XXXXXX)
chmod 755 "$dir"
mkdir "$dir/bin" "$dir/state" "$dir/spool-n1" "$dir/spool-n2" "$dir/munge" "$dir/work"
pids=""
stop() {
  for pid in $pids; do kill -9 "$pid" 2>/dev/null || true; done
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' INT TERM

# The program that jobs call.
printf '#!/bin/sh\nexec node "%s/dist/cli/main.js" "$@"\n' "$root" >"$dir/bin/oomsim"
chmod 755 "$dir/bin/oomsim"
PATH="$dir/bin:$PATH"
export PATH

# A munge of our own: nothing of the machine's is touched.
dd if=/dev/urandom of="$dir/munge/key" bs=1024 count=1 2>/dev/null
chmod 700 "$dir/munge"
chmod 400 "$dir/munge/key"
munged --foreground --force --num-threads=2 --key-file="$dir/munge/key" \
  --socket="$dir/munge/socket" --pid-file="$dir/munge/pid" --log-file="$dir/munge/log" \
  --seed-file="$dir/munge/seed" >/dev/null 2>&1 &
pids="$pids $!"

SLURM_CONF="$dir/slurm.conf"
export SLURM_CONF
cat >"$SLURM_CONF" <<END
ClusterName=oomsim
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=17010
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool-%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
SlurmdTimeout=5
InactiveLimit=0
KillWait=2
SlurmdParameters=config_overrides
JobRequeue=1
NodeName=n1 NodeAddr=127.0.0.1 NodeHostname=$(hostname -s) Port=17011 CPUs=1 State=UNKNOWN
NodeName=n2 NodeAddr=127.0.0.1 NodeHostname=$(hostname -s) Port=17012 CPUs=1 State=UNKNOWN
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
END

sleep 1
slurmctld -D >/dev/null 2>&1 &
pids="$pids $!"
slurmd -D -N n1 >/dev/null 2>&1 &
pids="$pids $!"
slurmd -D -N n2 >/dev/null 2>&1 &
node2=$!
pids="$pids $node2"

waited=0
until [ "$(sinfo -h -N -o '%t' 2>/dev/null | grep -c idle)" = 2 ]; do
  waited=$((waited + 1))
  if [ "$waited" -gt 60 ]; then
    echo "FAILED: the nodes do not come up"
    sinfo -N || true
    tail -n 5 "$dir"/*.log
    exit 1
  fi
  sleep 1
done
echo "two nodes are up"

cd "$dir/work"
mkdir out
shards=6
runs="--replications ${REPLICATIONS:-200}"
oomsim batch splitting --emit slurm --shards $shards --out out |
  sed "s#^exec oomsim batch#exec oomsim batch $runs#" >job.sh
job=$(sbatch --parsable job.sh)
echo "job $job: $shards shards"

# In the middle: n2 is playing its first shard. Everything on it dies at once.
waited=0
until ls out/*/runs.unsorted.csv >/dev/null 2>&1; do
  waited=$((waited + 1))
  if [ "$waited" -gt 60 ]; then
    echo "FAILED: no shard has begun"
    squeue
    tail -n 5 "$dir"/*.log
    exit 1
  fi
  sleep 0.5
done
sleep 1
victim=$(squeue -h -w n2 -t R -o '%A %K' | head -n 1)
pkill -9 -P "$node2" 2>/dev/null || true
kill -9 "$node2"
# Its task is a child of slurmstepd, which outlives slurmd and is known by the number of the job. It has
# to go first, or it reports that its task has failed, and a task that failed is not queued again.
for step in $(pgrep -f "slurmstepd: \[${victim%% *}\." || true); do
  tasks=$(pgrep -P "$step" || true)
  # shellcheck disable=SC2086 # a list of numbers
  kill -9 "$step" $tasks 2>/dev/null || true
done
echo "n2 is killed while it plays shard ${victim#* } of $shards"

waited=0
until [ -z "$(squeue -h)" ]; do
  waited=$((waited + 1))
  if [ "$waited" -gt 240 ]; then
    echo "FAILED: the job does not end"
    squeue
    sinfo -N
    tail -n 20 "$dir/slurmctld.log"
    exit 1
  fi
  # Slurm waits two minutes before it starts a task again that was on a lost node.
  scontrol update "JobId=$job" StartTime=now 2>/dev/null || true
  sleep 1
done
grep -c "equeue" "$dir/slurmctld.log" | sed 's/^/lines about queueing again: /'

oomsim merge out/splitting.shard-* --out merged >/dev/null
# shellcheck disable=SC2086
oomsim batch splitting $runs --out alone -q >/dev/null
for file in runs.csv summary.csv report.html; do
  cmp "merged/splitting/$file" "alone/splitting/$file" || {
    echo "FAILED: $file differs"
    exit 1
  }
done
echo "ok: runs.csv, summary.csv and report.html are those of one machine"
