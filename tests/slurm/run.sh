#!/usr/bin/env bash
# The workflow on a real Slurm: one node on loopback, munge, no accounting database. Run by `make slurm-test`.
#
# Makes the mini review and a sharded corpus with the local executor and through the Slurm executor, kills a run in the
# middle and finishes it, and compares every byte that has to repeat. Needs root on Debian or Ubuntu, and the network for
# the packages slurm-wlm and munge and for the plugin snakemake-executor-plugin-slurm where they are not there yet.
# Where it has not got the rights it says so and ends with 77, the code of a skipped test.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd -P)
python=${PYTHON:-$root/.venv/bin/python}
python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python")
work=$(mktemp -d)
pids=()

say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }
skip() { say "skipped: $*"; rm -rf "$work"; exit 77; }

[ "$(id -u)" -eq 0 ] || skip "installing and starting Slurm needs root"
command -v apt-get >/dev/null || skip "the packages are Debian's: no apt-get here"
[ ! -e /etc/slurm/slurm.conf ] || skip "this machine belongs to a Slurm cluster: /etc/slurm/slurm.conf is there"
if pgrep -x slurmctld >/dev/null; then skip "a Slurm controller runs here already"; fi

if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
    say "installing slurm-wlm and munge"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge >"$work/apt.log" 2>&1 ||
        skip "apt-get could not install slurm-wlm and munge"
fi
if ! "$python" -c "import snakemake_executor_plugin_slurm" 2>/dev/null; then
    say "installing the executor plugin beside the environment"
    # Its requirements are in the environment already, but for throttler, and pinned there.
    "$python" -m pip install -q --disable-pip-version-check --no-deps --target "$work/plugin" \
        snakemake-executor-plugin-slurm snakemake-executor-plugin-slurm-jobstep throttler ||
        skip "pip could not install snakemake-executor-plugin-slurm"
fi
export PYTHONPATH="$root/src${PYTHONPATH:+:$PYTHONPATH}:$work/plugin"
export PYTHONHASHSEED=0 MPLBACKEND=Agg OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

stop() {
    # The jobs first: without its daemons a job goes on alone.
    squeue -h -o %i 2>/dev/null | xargs -r scancel --full 2>/dev/null || true
    sleep 2
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    if [ "$(readlink /etc/slurm/slurm.conf 2>/dev/null)" = "$work/slurm.conf" ]; then rm /etc/slurm/slurm.conf; fi
    if [ "${KEEP:-}" ]; then say "kept: $work"; else rm -rf "$work"; fi
}
trap stop EXIT

# --- one node on loopback -----------------------------------------------------------------------------------------
host=$(hostname -s)
cores=$(nproc --all)
# What slurmd finds itself, less a little: a node with less memory than slurm.conf says is drained.
memory=$(($(awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo) * 9 / 10))
mkdir -p "$work"/{munge,state,spool}
chmod 755 "$work"
dd if=/dev/urandom of="$work/munge/key" bs=1024 count=1 status=none
chown -R munge:munge "$work/munge"
chmod 711 "$work/munge"
chmod 400 "$work/munge/key"
socket=$work/munge/socket
cat >"$work/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
AuthInfo=socket=$socket
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
MinJobAge=600
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cores RealMemory=$memory State=UNKNOWN
PartitionName=test Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
# Not by SLURM_CONF alone: the plugin takes every SLURM variable out of a job's environment.
export SLURM_CONF=$work/slurm.conf
mkdir -p /etc/slurm
ln -s "$work/slurm.conf" /etc/slurm/slurm.conf
say "starting munged, slurmctld and slurmd on $host: $cores cores, $memory MB"
setpriv --reuid munge --regid munge --clear-groups munged --foreground --socket="$socket" --key-file="$work/munge/key" \
    --pid-file="$work/munge/pid" --log-file="$work/munge/log" --seed-file="$work/munge/seed" >"$work/munged.out" 2>&1 &
pids+=($!)
for _ in $(seq 50); do [ -S "$socket" ] && break; sleep 0.2; done
slurmctld -D >"$work/slurmctld.out" 2>&1 &
pids+=($!)
slurmd -D -N "$host" >"$work/slurmd.out" 2>&1 &
pids+=($!)
for _ in $(seq 100); do
    if sinfo -h -o %t 2>/dev/null | grep -qE 'idle|mix|alloc'; then break; fi
    sleep 0.3
done
if ! sinfo -h -o %t | grep -qE 'idle|mix|alloc'; then
    sinfo -R || true
    tail -n 20 "$work"/*.log "$work"/*.out
    exit 1
fi
sinfo

# --- the runs -----------------------------------------------------------------------------------------------------
"$python" - "$work/table.csv" <<'PY'
import sys

from evisynth.corpus.generation import generate

generate(60, seed=20261122).to_csv(sys.argv[1], index=False)
PY

prepare() { mkdir -p "$work/$1/data" && cp -r "$root/tests/mini" "$work/$1/data/mini" && cp "$work/table.csv" "$work/$1/"; }
flow() {
    local folder=$1
    shift
    "$python" -m snakemake --snakefile "$root/Snakefile" --directory "$work/$folder" --rerun-incomplete "$@" \
        all corpus --config 'reviews=["mini"]' data_dir=data corpus_table=table.csv corpus_shards=4 >>"$work/$folder.log" 2>&1
}
on_slurm() {
    flow "$1" --workflow-profile "$root/workflow/profiles/slurm" --slurm-status-command squeue \
        --slurm-init-seconds-before-status-checks 5 --default-resources slurm_partition=test "mem_mb=1500*attempt" \
        "runtime=20*attempt" --set-threads fit_posteriors="$cores" --latency-wait 20 --jobs 4
}
# What repeats: everything but the logs and the facts of the run (when, where, how long).
bytes() {
    (cd "$work/$1/results" && find . -type f ! -path '*/logs/*' ! -path '*/run_facts/*' ! -path './.kept/*' \
        ! -name '.snakemake_timestamp' ! -path '*/report/steps.csv' -print0 | sort -z | xargs -0 sha256sum)
}
same() {
    if ! diff <(bytes "$1") <(bytes "$2") >"$work/differences"; then
        say "the bytes of $1 and $2 differ:"
        head -n 40 "$work/differences"
        exit 1
    fi
    say "$1 and $2: $(bytes "$2" | wc -l) files, every byte the same"
}

prepare local
say "local run"
flow local --cores "$cores" || { tail -n 40 "$work/local.log"; exit 1; }

prepare slurm
say "the same on Slurm"
on_slurm slurm || { tail -n 60 "$work/slurm.log"; exit 1; }
say "$(grep -c 'SLURM jobid' "$work/slurm.log" || true) jobs were submitted"
same local slurm

prepare killed
say "a run that loses a job in the middle"
on_slurm killed &
run=$!
for _ in $(seq 400); do
    job=$(squeue -h -t R -o %i | head -n 1)
    [ -n "$job" ] && [ -f "$work/killed/results/mini/checked/plan.json" ] && break
    kill -0 "$run" 2>/dev/null || break
    sleep 0.5
done
[ -n "${job:-}" ] || { say "no job was seen running"; exit 1; }
scancel --signal=KILL --full "$job" 2>/dev/null || scancel "$job"
say "job $job was killed"
wait "$run" || say "the run ended with an error, as it may after three tries; it is started again"
on_slurm killed || { tail -n 60 "$work/killed.log"; exit 1; }
same local killed
say "all is well"
