#!/usr/bin/env bash
# A run on a real Slurm: rq1's smoke as an array of two tasks, one of them killed, submitted again, merged, and compared byte by
# byte with a run in one process. `just test-slurm`. Needs Debian's slurm-wlm and munge; installs them where it may.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/slurm/cluster.sh

missing() {
    for program in munged slurmctld slurmd sbatch squeue scancel python3; do
        command -v "$program" >/dev/null || echo "$program"
    done
}
if [[ -n $(missing) && $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install --yes --no-install-recommends slurm-wlm munge python3-minimal; } >/dev/null 2>&1 || true
fi
if [[ -n $(missing) ]]; then
    echo "test-slurm: NOT RUN. Missing: $(missing | tr '\n' ' ')(Debian: apt-get install slurm-wlm munge)" >&2
    exit 77
fi

cargo build --release --quiet --bins
rq1=$PWD/target/release/rq1
submit=$PWD/target/release/submit
folder=$(mktemp -d)
finish() {
    local status=$?
    stop_cluster
    if [[ $status == 0 ]]; then
        rm -rf "$folder"
    else
        echo "test-slurm: failed; logs in $folder" >&2
        tail -n 20 "$folder"/cluster/*.log "$folder"/cluster/*.err "$folder"/array/slurm/*.log >&2 2>/dev/null || true
    fi
}
trap finish EXIT

# Twelve jobs of half a second or so, so that a task can be killed in the middle of one.
words=(--preset smoke --replicas 6 --set compute.block=1 --epochs 1500)
"$rq1" "${words[@]}" --output "$folder/local" >/dev/null
start_cluster "$folder/cluster"
cd "$folder"
queue_is_empty() { [[ -z $(squeue --noheader) ]]; }
in_progress() { ls "$folder"/array/jobs/*.part/checkpoint; }

"$submit" rq1 "${words[@]}" --output "$folder/array" --checkpoint 0.1 --tasks 2 | tee submitted
array=$(sed -n 's/^rq1: job \([0-9]*\),.*/\1/p' submitted)
await 60 in_progress
# By the kernel, as the out-of-memory killer would: no warning, no last words.
task=$(squeue --noheader --jobs="${array}_1" --format=%A)
kill -9 $(scontrol listpids "$task" | awk 'NR > 1 && $1 > 0 { print $1 }')
await 120 queue_is_empty
grep -h . array/slurm/rq1-"$array"-*.log | sed 's/^/    /'
if [[ -e array/run.json ]]; then
    echo "test-slurm: merged although a task was killed" >&2
    exit 1
fi
finished=$(find array/jobs -mindepth 1 -maxdepth 1 -name '?????' | wc -l)
echo "task 1 of job $array was killed; $finished of 12 jobs are finished. The same command again:"

"$submit" rq1 "${words[@]}" --output "$folder/array" --checkpoint 0.1 --tasks 2 | tee submitted
array=$(sed -n 's/^rq1: job \([0-9]*\),.*/\1/p' submitted)
await 120 queue_is_empty
grep -h . array/slurm/rq1-"$array"-*.log | sed 's/^/    /'
for table in local/*.csv; do
    cmp "$table" "array/$(basename "$table")"
done
# Complete: there is nothing left to submit.
"$submit" rq1 "${words[@]}" --output "$folder/array" --tasks 2 | grep --quiet 'nothing to submit'
echo "test-slurm: $(ls local/*.csv | wc -l) tables have the bytes of a run in one process"
