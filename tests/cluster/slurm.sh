#!/usr/bin/env bash
# A real Slurm of one node on this machine, for one command: tests/cluster/slurm.sh COMMAND ...
#
# Debian's slurmctld, slurmd and munge, as root, without systemd, cgroups and database, on
# ports and in a folder of their own, on loopback. All that is started here is stopped at the
# end by its pid, whatever COMMAND does. Ends with 77 and a reason where it cannot be had.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

skip() { printf 'SKIPPED: %s\n' "$1" >&2; exit 77; }

have() { local name; for name; do command -v "$name" >/dev/null || return 1; done; }

[[ $(id -u) == 0 ]] || skip "a Slurm can be started by root alone"
if ! have slurmctld slurmd munged sbatch; then
  command -v apt-get >/dev/null || skip "no slurmctld here, and no apt-get to install it"
  printf 'Installing slurmctld, slurmd, slurm-client and munge\n'
  # Installed services must not start: this script starts its own, and stops them.
  policy=/usr/sbin/policy-rc.d
  [[ -e $policy ]] || { printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; made_policy=1; }
  export DEBIAN_FRONTEND=noninteractive
  packages=(slurmctld slurmd slurm-client munge)
  installed=0
  told=$(mktemp)
  { { timeout 120 apt-get update -qq || true; } &&
    timeout 300 apt-get install -y -qq --no-install-recommends "${packages[@]}"; } \
    >"$told" 2>&1 && installed=1
  [[ -z ${made_policy:-} ]] || rm -f $policy
  ((installed)) || tail -n 5 "$told" >&2
  rm -f "$told"
  ((installed)) || skip "apt-get could not install ${packages[*]}, see above"
fi

folder=$(mktemp -d /tmp/storiform-slurm-XXXXXX)
daemons=()
keeper=
is_ready=

jobs_left() { [[ -n $(squeue -h -t PD,R,CG,S 2>/dev/null) ]]; }

finish() {
  local code=$?
  trap - EXIT INT TERM
  if [[ -n $keeper ]]; then kill -TERM "$keeper" 2>/dev/null || true; wait "$keeper" || true; fi
  if [[ -z $is_ready && -d $folder/log ]]; then
    tail -n 40 "$folder"/log/*.log >&2 || true
  fi
  local pid
  # Before SLURM_CONF is exported it would be the queue of the site, and root's jobs there.
  if [[ ${SLURM_CONF:-} == "$folder/slurm.conf" ]]; then
    scancel -Q -u root 2>/dev/null || true
    for _ in {1..40}; do jobs_left || break; sleep 0.3; done
  fi
  for pid in "${daemons[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${daemons[@]}"; do
    for _ in {1..50}; do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null || true
  done
  # A step outlives the slurmd that began it; it is known by the folder of this Slurm.
  for pid in $(grep -lsz "^SLURM_CONF=$folder/" /proc/[0-9]*/environ | cut -d / -f 3); do
    [[ $pid == "$$" ]] || kill -KILL "$pid" 2>/dev/null || true
  done
  rm -rf "$folder"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

read -r control node < <(python3 - <<'PY'
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in held))
PY
)
host=$(hostname -s)
memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
cpus=$(nproc)
mkdir -p "$folder"/{state,spool,log,munge}
chmod 0755 "$folder"
chown -R munge:munge "$folder/munge"
chmod 0711 "$folder/munge"
install -o munge -g munge -m 0400 <(head -c 1024 /dev/urandom) "$folder/munge/key"
cat >"$folder/slurm.conf" <<CONF
ClusterName=storiform
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=1
ReturnToService=2
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.log
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldPort=$control
SlurmdPort=$node
InactiveLimit=0
KillWait=5
MinJobAge=300
OverTimeLimit=0
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=60 State=UP OverSubscribe=FORCE:4
PartitionName=shut Nodes=$host MaxTime=60 State=DOWN
CONF
export SLURM_CONF=$folder/slurm.conf

wait_for() { # SECONDS COMMAND ...
  local until=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < until)) || return 1
    sleep 0.3
  done
}

setpriv --reuid munge --regid munge --clear-groups /usr/sbin/munged --foreground \
  --key-file "$folder/munge/key" --socket "$folder/munge/socket" \
  --pid-file "$folder/munge/pid" --log-file "$folder/munge/log" \
  --seed-file "$folder/munge/seed" >"$folder/log/munged.log" 2>&1 &
daemons+=($!)
is_munge() { munge -n -S "$folder/munge/socket" | unmunge -S "$folder/munge/socket"; }
wait_for 30 is_munge || { echo "munged does not answer" >&2; exit 1; }
slurmctld -D -f "$SLURM_CONF" >/dev/null 2>&1 &
daemons+=($!)
slurmd -D -f "$SLURM_CONF" >/dev/null 2>&1 &
daemons+=($!)
is_idle() { [[ $(sinfo -h -p main -o %T) == idle ]]; }
wait_for 60 is_idle || { sinfo >&2 || true; echo "Slurm does not become ready" >&2; exit 1; }
sinfo --version
is_ready=1

export STORIFORM_SLURM=1
"$@" &
keeper=$!
code=0
wait "$keeper" || code=$?
keeper=
exit "$code"
