#!/usr/bin/env bash
# Lint the recipes, build both images without a daemon, install a bundle without a network, and
# run storiform in each of them.
#   containers/check.sh [lint|docker|apptainer|offline|all]
# Needs root on Debian, its packages and pip's index. Where the machine cannot do a part, a line
# SKIPPED tells why. All mounts are made in a namespace of their own; nothing is left behind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C.UTF-8

readonly BASE=docker.io/library/debian:bookworm-slim
readonly LARGEST_IMAGE=1000000000 LARGEST_SIF=400000000 # bytes
readonly PERSON=4242                                    # a user whom no image knows
readonly DEMO=(--sequenced 4 --patients 24)             # the smallest that holds every truth
readonly FEWEST_TRUTHS=80

part=${1:-all}
case $part in
  lint | docker | apptainer | offline | all) ;;
  *) echo "usage: containers/check.sh [lint|docker|apptainer|offline|all]" >&2; exit 2 ;;
esac
[[ -x .venv/bin/python ]] || .ci/environment run
python=$PWD/.venv/bin/python

if [[ $part != lint && -z ${STORIFORM_APART:-} ]]; then
  if [[ $(id -u) != 0 || ! -e /etc/debian_version ]] || ! unshare --mount --net true; then
    unable="images and the offline installation; they need root on Debian, with namespaces"
    part=lint
  else
    export STORIFORM_APART=1
    exec unshare --mount --propagation private "$BASH" containers/check.sh "$part"
  fi
fi

scratch=$(mktemp -d /var/tmp/storiform-check.XXXXXX)
chmod 755 "$scratch"
export TMPDIR=$scratch
clean() {
  local status=$?
  trap - EXIT
  set +e
  if [[ -e $scratch/podman ]]; then podman rm --all --force --time 0 >/dev/null 2>&1; fi
  grep -o " ${scratch}[^ ]*" /proc/self/mountinfo | sort -r |
    xargs -r umount -l 2>/dev/null # that of a folder takes those below it along
  rm -rf --one-file-system "$scratch"
  exit "$status"
}
trap clean EXIT

skipped=()
skip() { skipped+=("$*"); echo "SKIPPED: $*"; }
say() { printf -- '-- %s (%d s)\n' "$*" "$SECONDS"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
quietly() { # what it prints is shown where it fails
  "$@" >"$scratch/log" 2>&1 || { tail -n 40 "$scratch/log" >&2; fail "$*"; }
}
refused() { # WHAT COMMAND...: the command must fail
  local what=$1
  shift
  if "$@" >"$scratch/log" 2>&1; then fail "$what: it is possible"; fi
}

need() { # PROGRAM=PACKAGE...: install what is missing
  local pair missing=()
  for pair; do command -v "${pair%=*}" >/dev/null || missing+=("${pair#*=}"); done
  ((${#missing[@]})) || return 0
  { timeout 900 apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive timeout 900 apt-get install -y -qq \
      --no-install-recommends "${missing[@]}"; } >"$scratch/log" 2>&1 ||
    { tail -n 5 "$scratch/log"; skip "$part; no packages ${missing[*]}"; return 1; }
}

lint() {
  local file scripts=()
  "$python" -m venv "$scratch/lint"
  quietly timeout 900 "$scratch/lint/bin/python" -m pip install --disable-pip-version-check \
    --require-hashes --only-binary :all: -r containers/requirements-lint.lock
  while IFS= read -r file; do
    if head -n 1 "$file" | grep -qE '^#!.*[/ ](ba)?sh$'; then scripts+=("$file"); fi
  done < <(git ls-files --cached --others --exclude-standard)
  ((${#scripts[@]})) || fail "lint: no shell script among the files of git"
  "$scratch/lint/bin/hadolint" containers/Dockerfile
  "$scratch/lint/bin/shellcheck" --severity=warning "${scripts[@]}"
  say "lint: the Dockerfile and ${#scripts[@]} shell scripts"
}

base() { # the image of which both are made, from Debian's packages
  [[ ! -e $scratch/base.tar ]] || return 0
  quietly timeout 900 mmdebstrap --variant=minbase --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' bookworm "$scratch/base.tar"
  local hard
  hard=$(ulimit -Hn)
  mkdir -p "$scratch/podman"
  printf '%s\n' '[containers]' 'cgroups = "disabled"' \
    "default_ulimits = [\"nofile=$hard:$hard\", \"nproc=4096:4096\"]" \
    '[engine]' 'cgroup_manager = "cgroupfs"' 'events_logger = "none"' 'runtime = "crun"' \
    "tmp_dir = \"$scratch/podman/tmp\"" '[network]' \
    "network_config_dir = \"$scratch/podman/net\"" >"$scratch/podman/containers.conf"
  printf '[storage]\ndriver = "overlay"\nrunroot = "%s"\ngraphroot = "%s"\n' \
    "$scratch/podman/run" "$scratch/podman/graph" >"$scratch/podman/storage.conf"
  echo 'unqualified-search-registries = []' >"$scratch/podman/registries.conf"
  export CONTAINERS_CONF=$scratch/podman/containers.conf
  export CONTAINERS_STORAGE_CONF=$scratch/podman/storage.conf
  export CONTAINERS_REGISTRIES_CONF=$scratch/podman/registries.conf
  if [[ -d /sys/fs/cgroup/unified ]]; then # crun wants one hierarchy; ours alone is changed
    umount -R /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
  fi
  # Without /dev, of which the tar holds device nodes.
  mkdir "$scratch/base"
  tar -C "$scratch/base" --exclude='./dev/*' -xf "$scratch/base.tar"
  tar -C "$scratch/base" -c . | quietly podman import - "$BASE"
  rm -rf "$scratch/base"
  say "base: Debian bookworm by mmdebstrap"
}

bundle() {
  [[ ! -e $scratch/bundle ]] || return 0
  local version
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  if [[ $version != 3.11 ]]; then
    skip "$1; .venv has Python $version, and the bundle is for Debian's 3.11"
    return 1
  fi
  PYTHONPATH=$PWD/pipeline quietly timeout 900 "$python" -m storiform bundle \
    --out "$scratch/bundle"
  say "bundle: $(du -sm "$scratch/bundle" | cut -f 1) MB"
}

pip_settings() { # the machine's own, as secrets that no image keeps
  local certificates
  install -m 600 /dev/null "$scratch/pip.conf"
  "$python" -m pip config list | sed -nE \
    "s/^(global|install|:env:)\.(index-url|extra-index-url|proxy|trusted-host)='(.*)'$/\2 = \3/p" |
    grep -v file: | { echo '[global]'; cat; } >"$scratch/pip.conf" || true
  certificates=$("$python" -m pip config list | sed -nE "s/^(global|:env:)\.cert='(.*)'$/\2/p" |
    tail -n 1)
  if [[ -n $certificates ]]; then
    cp "$certificates" "$scratch/certificates"
    echo 'cert = /run/secrets/certificates' >>"$scratch/pip.conf"
  else
    : >"$scratch/certificates"
  fi
}

inside() { # as docs/how-to/containers.md has it: no network, a root that cannot be written to
  podman run --rm --read-only --tmpfs /tmp:rw,noexec,nosuid,nodev,mode=1777 --network none \
    --cap-drop ALL --security-opt no-new-privileges "$@"
}

docker() {
  need podman=podman crun=crun mmdebstrap=mmdebstrap tar=tar || return 0
  base
  if ! podman run --rm --network none "$BASE" true >"$scratch/log" 2>&1; then
    tail -n 5 "$scratch/log"
    skip "docker; this machine starts no container, not even Debian's"
    return 0
  fi
  pip_settings
  quietly timeout 1200 podman build --isolation chroot --pull-never --file containers/Dockerfile \
    --secret "id=pip.conf,src=$scratch/pip.conf" \
    --secret "id=certificates,src=$scratch/certificates" --tag storiform .
  local size user version
  size=$(podman image inspect --format '{{.Size}}' storiform)
  say "docker: image of $((size / 1000000)) MB"
  ((size <= LARGEST_IMAGE)) || fail "docker: $size bytes, expected at most $LARGEST_IMAGE"
  user=$(podman image inspect --format '{{.Config.User}}' storiform)
  [[ $user == 10001:10001 ]] || fail "docker: user $user"
  version=$("$python" -c 'import sys; sys.path.insert(0, "pipeline")
import storiform; print(storiform.__version__)')
  [[ $(inside storiform --version) == *" $version" ]] || fail "docker: --version"
  [[ $(inside --user "$PERSON:$PERSON" storiform --version) == *" $version" ]] ||
    fail "docker: --version as any user"
  inside --entrypoint sh storiform -c 'set -e
    absent() { if "$@" >/dev/null 2>&1; then echo "found: $*"; exit 1; fi; }
    for program in pip gcc cc make; do absent command -v "$program"; done
    absent python -c "import pip"
    absent python -c "import hatchling"
    for path in /src /run/secrets /etc/pip.conf; do absent test -e "$path"; done
    if env | grep -iE "^(pip_|https?_proxy)"; then exit 1; fi
    python -c "import storiform"
    test -z "$(find / -xdev \( -name "*.whl" -o -name pip.conf -o -name certificates \) 2>/dev/null)"
    test -z "$(find / -xdev -perm /6000 -user 0 -path "/opt/*" 2>/dev/null)"' ||
    fail "docker: the image holds what only its making needs"
  refused "docker: writing to /" inside --user 0 --entrypoint sh storiform -c ': >/written'
  grep -q Read-only "$scratch/log" || fail "docker: $(tail -n 1 "$scratch/log")"
  refused "docker: a connection" inside --entrypoint python storiform -c "$CONNECT"
  grep -q unreachable "$scratch/log" || fail "docker: $(tail -n 1 "$scratch/log")"
  say "docker: users, read-only root, no network, nothing of the machine"
  mkdir "$scratch/demo"
  chown "$PERSON:$PERSON" "$scratch/demo"
  local demo=(--user "$PERSON:$PERSON" --volume "$scratch/demo:$scratch/demo"
    --workdir "$scratch/demo" storiform demo "${DEMO[@]}" --out out)
  stops "$scratch/demo/out/reads/results" "${demo[@]}"
  quietly inside --timeout 1800 "${demo[@]}"
  resumed "$scratch/demo/out/reads/results"
  local truths
  truths=$(grep -c ' yes$' "$scratch/log") || true
  ((truths >= FEWEST_TRUTHS)) || fail "docker: $truths truths found, expected $FEWEST_TRUTHS"
  echo "$truths truths found"
  owned "$scratch/demo"
  say "docker: the demo"
}

readonly STEPS=10 # of a run that is stopped, so many are done

done_in() { # RESULTS: how many steps a run has done
  local number
  number=$(grep -c '"event": "step".*"state": "done"' "$1/events.jsonl" 2>/dev/null) || true
  echo "${number:-0}"
}

stops() { # RESULTS WORDS...: docker stop ends a run, which as the first process would not hear
  local results=$1 waited=0 begun
  shift
  inside --detach --rm=false --name stopped "$@" >/dev/null
  until (($(done_in "$results") >= STEPS)); do
    ((++waited < 600)) || fail "docker: the demo's run does not begin"
    sleep 1
  done
  begun=$SECONDS
  podman stop --time 60 stopped >/dev/null
  local code
  code=$(podman inspect --format '{{.State.ExitCode}}' stopped)
  [[ $code == 143 ]] || fail "docker: stopped with exit code $code, expected 143"
  [[ ! -e $results/run.lock ]] || fail "docker: the stopped run left its lock"
  grep -q '"state": "stopped"' "$results/run.json" || fail "docker: $(cat "$results/run.json")"
  say "docker: a run of workers stopped by a signal after $((SECONDS - begun)) s"
  podman rm stopped >/dev/null
}

resumed() { # RESULTS: the run that was stopped went on from what it had done
  local cached
  cached=$(grep '"event": "run_started"' "$1/events.jsonl" | tail -n 1 |
    sed -nE 's/.*"cached": ([0-9]+).*/\1/p')
  ((${cached:-0} >= STEPS)) || fail "docker: ${cached:-0} steps kept, expected $STEPS"
  say "docker: the stopped run went on, $cached steps were done already"
}

owned() { # FOLDER: all results belong to the caller
  [[ -e $1/out ]] || fail "$1/out is missing"
  [[ -z $(find "$1" ! -user "$PERSON") ]] || fail "$(find "$1" ! -user "$PERSON" | head -n 1)"
}

# No packet leaves: the address is of the block for documentation, and no interface is there.
readonly CONNECT='
import pathlib, socket
devices = pathlib.Path("/proc/net/dev").read_text().splitlines()[2:]
assert [line.split(":")[0].strip() for line in devices] == ["lo"], devices
socket.create_connection(("192.0.2.1", 443), timeout=5)'

sample() { # DIR: real reads around one mutation, to be run
  cp -r reference/examples/osteosarcoma "$1"
  touch "$1"/*.bai
}

counted() { # DIR: its known reads were found
  "$python" - "$1/results/tables/variants.tsv" <<'PY'
import csv, sys
row = next(csv.DictReader(open(sys.argv[1]), delimiter="\t"))
found = [row[f"{s}_recounted_{a}_reads"] for s in ("normal", "tumour", "rna") for a in ("ref", "alt")]
sys.exit(found != ["122", "0", "233", "43", "67", "6"] and f"found {found}")
PY
}

offline() {
  need ip=iproute2 || return 0
  bundle offline || return 0
  local file
  for file in Dockerfile storiform.def assemble.sh; do
    cmp "containers/$file" "$scratch/bundle/containers/$file"
  done
  sample "$scratch/sample"
  quietly timeout 1200 unshare --net -- env -i PATH="$PATH" HOME="$scratch" "$BASH" -euc '
    ip link set lo up
    cd "$1"
    if "$3" -c "$2" 2>said; then echo "the network is in reach"; exit 1; fi
    grep unreachable said
    PYTHON=$3 bundle/install.sh "$1/installed"
    installed/bin/storiform run sample/osteosarcoma.yaml' _ "$scratch" "$CONNECT" \
    "$("$python" -c 'import sys; print(sys._base_executable)')"
  counted "$scratch/sample"
  say "offline: installed and run with nothing but loopback"
}

in_sid() { # a command in the root of Debian sid, as a person, without a network on request
  unshare --mount --propagation private "$BASH" -euc '
    root=$1 folder=$2 person=$3
    shift 3
    mount --bind "$root" "$root"
    mkdir -p "$root/.old" "$root$folder"
    mount --bind "$folder" "$root$folder"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --rbind /sys "$root/sys"
    mount -t tmpfs tmpfs "$root/tmp"
    mknod -m 666 "$root/tmp/fuse" c 10 229
    mount --bind "$root/tmp/fuse" "$root/dev/fuse"
    cd "$root"
    pivot_root . .old
    cd "$folder"
    umount -l /.old
    exec env -i HOME="$folder" PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
      APPTAINER_TMPDIR=/var/tmp setpriv --reuid "$person" --regid "$person" --clear-groups \
      "$@"' _ "$scratch/sid" "$scratch/sif" "$PERSON" "$@"
}

sid() { # the root of Debian sid, which alone has Apptainer
  timeout 900 mmdebstrap --variant=apt --include=apptainer,fuse3,squashfuse,uidmap,ca-certificates \
    --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt=force-unsafe-io sid "$scratch/sid" \
    http://deb.debian.org/debian >"$scratch/log" 2>&1
}

person() { # in the root of sid, with the image of Debian's packages
  echo "person:x:$PERSON:$PERSON::$scratch/sif:/bin/bash" >>"$scratch/sid/etc/passwd"
  echo "person:x:$PERSON:" >>"$scratch/sid/etc/group"
  echo "person:100000:65536" | tee "$scratch/sid/etc/subuid" >"$scratch/sid/etc/subgid"
  cp /etc/resolv.conf "$scratch/sid/etc/resolv.conf"
  echo "127.0.0.1 localhost" >"$scratch/sid/etc/hosts"
  [[ -e $scratch/sid/etc/localtime ]] || : >"$scratch/sid/etc/localtime"
  mkdir "$scratch/sif"
  podman save --quiet --format oci-archive --output "$scratch/sif/base.tar" "$BASE"
  printf 'Bootstrap: oci-archive\nFrom: base.tar\n' >"$scratch/sif/small.def"
  chown -R "$PERSON:$PERSON" "$scratch/sif"
}

builds() { # whether this machine lets a person build any image at all
  in_sid timeout 900 apptainer build --fakeroot small.sif small.def >"$scratch/log" 2>&1
}

apptainer() {
  need podman=podman crun=crun mmdebstrap=mmdebstrap ip=iproute2 || return 0
  bundle apptainer || return 0
  base
  if ! sid; then # one command, so that no failure within it is passed over
    tail -n 5 "$scratch/log"
    skip "apptainer; that of Debian sid cannot be had"
    return 0
  fi
  person
  if ! builds; then
    tail -n 5 "$scratch/log"
    skip "apptainer; it builds nothing here, not even Debian's image"
    return 0
  fi
  say "apptainer: $(in_sid apptainer --version)"
  cp -r "$scratch/bundle" "$scratch/sif/bundle"
  sed -i -e 's|^Bootstrap: docker$|Bootstrap: oci-archive|' \
    -e "s|^From: debian:bookworm-slim$|From: $scratch/sif/base.tar|" \
    "$scratch/sif/bundle/containers/storiform.def"
  sample "$scratch/sif/sample"
  chown -R "$PERSON:$PERSON" "$scratch/sif"
  quietly in_sid timeout 1200 sh -c \
    'cd bundle && apptainer build --fakeroot ../storiform.sif containers/storiform.def'
  local size
  size=$(stat -c %s "$scratch/sif/storiform.sif")
  say "apptainer: image of $((size / 1000000)) MB"
  ((size <= LARGEST_SIF)) || fail "apptainer: $size bytes, expected at most $LARGEST_SIF"
  quietly in_sid timeout 600 apptainer test storiform.sif
  refused "apptainer: writing to /opt" in_sid apptainer exec storiform.sif touch /opt/written
  grep -q Read-only "$scratch/log" || fail "apptainer: $(tail -n 1 "$scratch/log")"
  [[ $(in_sid env PYTHONPATH=/nowhere apptainer exec storiform.sif sh -c 'echo "<$PYTHONPATH>"') \
    == *"<>"* ]] || fail "apptainer: the machine's PYTHONPATH reaches into the image"
  [[ $(in_sid sh -c 'apptainer run storiform.sif demo "$@" --out demo >/dev/null 2>&1 & run=$!
    until grep -qs "\"event\": \"step\"" demo/reads/results/events.jsonl
    do kill -0 $run || exit 1; sleep 1; done
    kill $run; wait $run; echo $?' _ "${DEMO[@]}" 2>/dev/null) == 143 ]] ||
    fail "apptainer: a run does not stop by a signal"
  [[ ! -e $scratch/sif/demo/reads/results/run.lock ]] || fail "apptainer: a lock is left"
  quietly unshare --net -- "$BASH" -ec "ip link set lo up; $(declare -f in_sid)
    BASH=$BASH scratch=$scratch PERSON=$PERSON
    in_sid timeout 1200 apptainer run storiform.sif run sample/osteosarcoma.yaml"
  counted "$scratch/sif/sample"
  [[ -z $(find "$scratch/sif/sample" ! -user "$PERSON") ]] || fail "apptainer: results' owner"
  say "apptainer: test, read-only root, a run without network as a person without rights"
}

case $part in
  all) lint; docker; offline; apptainer ;;
  *) "$part" ;;
esac
[[ -z ${unable:-} ]] || skip "$unable"
say "checked: $part${skipped[*]:+, without ${#skipped[@]} that the lines SKIPPED name}"
