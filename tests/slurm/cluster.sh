# A private Slurm of one machine and two slots, for tests: sourced; `start_cluster FOLDER`, `stop_cluster`.
# Configuration, keys, sockets and ports are its own: another Slurm on this machine is neither seen nor touched.

daemons=()

# A free TCP port.
port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Waits for at most $1 seconds until the command that follows succeeds.
await() {
    local until=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        if ((SECONDS >= until)); then
            echo "test-slurm: gave up waiting for: $*" >&2
            return 1
        fi
        sleep 0.2
    done
}

start_cluster() {
    local folder=$1 host user
    host=$(hostname -s)
    user=$(id -un)
    mkdir -p "$folder"/{state,spool}
    # munge trusts no folder that others can write to.
    chmod 755 "$folder"
    head -c 1024 /dev/urandom >"$folder/munge.key"
    chmod 400 "$folder/munge.key"
    cat >"$folder/slurm.conf" <<END
ClusterName=infoplane
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(port)
SlurmdPort=$(port)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=0
ReturnToService=2
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
    export SLURM_CONF=$folder/slurm.conf
    munged --foreground --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
        --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" --seed-file="$folder/munge.seed" \
        2>"$folder/munged.err" &
    daemons+=($!)
    await 10 test -S "$folder/munge.socket"
    slurmctld -D -f "$SLURM_CONF" 2>"$folder/slurmctld.err" &
    daemons+=($!)
    await 20 scontrol ping
    slurmd -D -f "$SLURM_CONF" -N "$host" 2>"$folder/slurmd.err" &
    daemons+=($!)
    await 30 sh -c 'sinfo --noheader --format=%t | grep -qx idle'
}

stop_cluster() {
    # Jobs first, then the daemons, last started first.
    [[ ${#daemons[@]} -lt 3 ]] || timeout 10 scancel --me --full 2>/dev/null || true
    for ((k = ${#daemons[@]} - 1; k >= 0; k--)); do
        kill "${daemons[k]}" 2>/dev/null || true
        wait "${daemons[k]}" 2>/dev/null || true
    done
    daemons=()
}
