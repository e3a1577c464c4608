#!/usr/bin/env bash
# The workflow on a real Slurm: one node on loopback, munge, no accounting database. Run by `make slurm-test`.
#
# Makes the mini review and a sharded corpus on this machine, with all cores and with one, and through the Slurm executor,
# where one job is killed in the middle; compares every byte that has to repeat. Needs root on Debian or Ubuntu, and the
# network for the packages slurm-wlm and munge and for the plugin snakemake-executor-plugin-slurm where they are missing.
#
#   SLURM_TEST=quick        stops at the estimates, before figures and pages, and leaves out the run on one core
#   SLURM_TEST_SECONDS=330  ends when the time is over, having compared nothing
#   KEEP=1                  leaves the folder with the runs and the daemons' logs
#
# 0: the bytes are the same. 77, the code of a skipped test, with the reason: no root, no Debian, no packages, no time.
# Anything else is a failure.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd -P)
python=${PYTHON:-$root/.venv/bin/python}
python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python")
limit=${SLURM_TEST_SECONDS:-3600}
work=$(mktemp -d)
pids=()
up=""

say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }
skip() { say "Slurm was not tried: $*"; exit 77; }
left() { echo $((limit > SECONDS ? limit - SECONDS : 1)); }

stop() {
    # The jobs first: without its daemons a job goes on alone.
    if [ "$up" ]; then
        squeue -h -o %i 2>/dev/null | xargs -r scancel --full 2>/dev/null || true
        sleep 2
    fi
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    if [ "$(readlink /etc/slurm/slurm.conf 2>/dev/null)" = "$work/slurm.conf" ]; then rm /etc/slurm/slurm.conf; fi
    if [ "${KEEP:-}" ]; then say "kept: $work"; else rm -rf "$work"; fi
}
trap stop EXIT

[ "$(id -u)" -eq 0 ] || skip "installing and starting it needs root"
command -v apt-get >/dev/null || skip "the packages are Debian's, and there is no apt-get here"
[ ! -e /etc/slurm/slurm.conf ] || skip "this machine belongs to a cluster: /etc/slurm/slurm.conf is there"
if pgrep -x slurmctld >/dev/null; then skip "a controller runs here already"; fi

if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
    say "installing slurm-wlm and munge"
    timeout 90 apt-get update -qq >"$work/apt.log" 2>&1 || true
    DEBIAN_FRONTEND=noninteractive timeout 150 apt-get install -y -qq --no-install-recommends slurm-wlm munge \
        >>"$work/apt.log" 2>&1 || skip "apt-get could not install slurm-wlm and munge"
fi
if ! "$python" -c "import snakemake_executor_plugin_slurm" 2>/dev/null; then
    say "installing the executor plugin beside the environment"
    # Its requirements are in the environment already, but for throttler, and pinned there.
    timeout 90 "$python" -m pip install -qq --disable-pip-version-check --no-deps --target "$work/plugin" \
        snakemake-executor-plugin-slurm snakemake-executor-plugin-slurm-jobstep throttler >"$work/pip.log" 2>&1 ||
        skip "pip could not install snakemake-executor-plugin-slurm"
fi
export PYTHONPATH="$root/src${PYTHONPATH:+:$PYTHONPATH}:$work/plugin"
export PYTHONHASHSEED=0 MPLBACKEND=Agg OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

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
SchedulerParameters=batch_sched_delay=0,bf_interval=5
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
ready() { sinfo -h -o %t 2>/dev/null | grep -qE 'idle|mix|alloc'; }
for _ in $(seq 100); do ready && break; sleep 0.3; done
if ! ready; then
    tail -n 20 "$work"/*.log "$work"/*.out || true
    # In a container without the rights of a machine; who asks for the whole test wants to know why.
    [ "${SLURM_TEST:-}" = quick ] && skip "its daemons did not start, see above"
    exit 1
fi
up=yes
sinfo

# --- the runs -----------------------------------------------------------------------------------------------------
"$python" - "$work/table.csv" <<'PY'
import sys

from evisynth.corpus.generation import generate

generate(60, seed=20261122).to_csv(sys.argv[1], index=False)
PY

targets=(all corpus)
if [ "${SLURM_TEST:-}" = quick ]; then
    targets=(results/mini/{bayes/estimates,quality/judgements,claims/claims}.csv corpus)
fi
prepare() { mkdir -p "$work/$1/data" && cp -r "$root/tests/mini" "$work/$1/data/mini" && cp "$work/table.csv" "$work/$1/"; }
flow() { # flow FOLDER OPTION...: its output goes to FOLDER.log
    local folder=$1 code=0
    shift
    timeout --kill-after=10 "$(left)" "$python" -m snakemake --snakefile "$root/Snakefile" --directory "$work/$folder" \
        --rerun-incomplete "$@" "${targets[@]}" \
        --config 'reviews=["mini"]' data_dir=data corpus_table=table.csv corpus_shards=4 >>"$work/$folder.log" 2>&1 ||
        code=$?
    if [ "$code" -ne 0 ] && [ "$SECONDS" -lt "$limit" ]; then tail -n 60 "$work/$folder.log" | cut -c 1-300; fi
    return "$code"
}
must() { # must COMMAND...: ends the test if it fails, as skipped if the time is over
    "$@" && return
    if [ "$SECONDS" -ge "$limit" ]; then skip "$limit seconds were not enough; nothing was compared"; fi
    exit 1
}
# What repeats: everything but the logs and the facts of the run (when, where, how long).
bytes() {
    (cd "$work/$1/results" && find . -type f ! -path '*/logs/*' ! -path '*/run_facts/*' ! -path './.kept/*' \
        ! -name '.snakemake_timestamp' -print0 | sort -z | xargs -0 sha256sum)
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
say "on this machine, $cores cores"
must flow local --cores "$cores"

prepare slurm
say "through Slurm, with a job that is killed"
flow slurm --workflow-profile "$root/workflow/profiles/slurm" --slurm-status-command squeue \
    --slurm-init-seconds-before-status-checks 2 --default-resources slurm_partition=test "mem_mb=1000*attempt" \
    "runtime=20*attempt" --set-threads fit_posteriors="$cores" --latency-wait 20 --jobs 4 &
run=$!
# The longest step, when it has run for a moment. The plugin writes a job's rule into its comment.
job=""
while kill -0 "$run" 2>/dev/null; do
    job=$(squeue -h -t R -o '%i %k' | awk '/rule_fit_posteriors/ {print $1; exit}')
    [ "$job" ] && break
    sleep 0.5
done
if [ "$job" ]; then
    sleep 5
    scancel --signal=KILL --full "$job"
    say "job $job, fit_posteriors, was killed"
fi
must wait "$run"
[ "$job" ] || { say "no job of fit_posteriors was seen running: nothing was killed"; exit 1; }
grep -q "SLURM-job '$job' failed" "$work/slurm.log" || { say "job $job ended before it was killed"; exit 1; }
say "$(grep -c 'SLURM jobid' "$work/slurm.log" || true) jobs were submitted, the killed one again"
same local slurm

if [ "${SLURM_TEST:-}" != quick ]; then
    prepare one
    say "on this machine, one core"
    must flow one --cores 1
    same local one
fi
say "all is well, after $SECONDS seconds"
