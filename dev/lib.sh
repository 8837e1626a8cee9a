# shellcheck shell=bash
# What the scripts of these folders share: where things are, and how a process is
# started, found again and ended. Sourced, never run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
dev=$root/dev
state=$root/.dev
[ -z "${DATACROWD_STATE:-}" ] || state=$(realpath -m "$DATACROWD_STATE")
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/datacrowd

# Two checkouts can be up on one machine: whatever the machine sees of this one
# (cgroups, host name, locks) carries its name.
checkout=datacrowd-$(printf %s "${state%/.dev}" | sha256sum | cut -c1-8)

# Versions and keys of what is built from source and kept outside the checkout.
kubernetes_version=1.34 # the patch release is in kubernetes/go.mod; those of Helm, NATS and mailpit are in test/*/go.mod
versitygw_version=v1.8.0
stripe_mock_version=v0.203.0
actionlint_version=v1.7.7
provider_version=v1.60.1-0.20260602190131-5f2286d6d836 # of AWS for Terraform, a version 6
lua_version=v1.1.1 # the interpreter that Argo CD has built in
hash_of() { cat "$@" | sha256sum | cut -c1-12; }
kubernetes_dir=$cache/kubernetes-$(hash_of "$dev"/cluster/kubernetes/{go.sum,go.mod,main.go,coredns.go})
pause_dir=$cache/pause-$(hash_of "$dev/cluster/kubernetes/pause.c")
forward_dir=$cache/forward-$(hash_of "$dev/cluster/forward/main.go")
versitygw_dir=$cache/versitygw-$versitygw_version
stripe_mock_dir=$cache/stripe-mock-$stripe_mock_version
nats_dir=$cache/nats-server-$(hash_of "$dev"/test/nats-server/{go.mod,go.sum})
mailpit_dir=$cache/mailpit-$(hash_of "$dev"/test/mailpit/{go.mod,go.sum})
helm_dir=$cache/helm-$(hash_of "$dev"/test/chart-tools/{go.mod,go.sum})-kubernetes-$kubernetes_version
unittest_dir=$cache/helm-unittest-${helm_dir#"$cache/helm-"}
actionlint_dir=$cache/actionlint-$actionlint_version
lua_dir=$cache/lua-$lua_version
manifest_check_dir=$cache/manifest-check-$(hash_of "$dev"/test/manifest-check/{go.sum,main.go})
python_dir=$cache/python-$(hash_of "$dev/test/checks/requirements.txt")
provider_dir=$cache/terraform-provider-aws-$provider_version
moto_dir=$cache/python-$(hash_of "$dev/terraform/moto-requirements.txt")
contract_dir=$cache/python-$(hash_of "$dev/test/checks/contract-requirements.txt")
webhooks_python_dir=$cache/python-$(hash_of "$root/examples/webhooks/python/requirements.txt")
webhooks_node_dir=$cache/webhooks-node-$(hash_of "$root"/examples/webhooks/node/package{,-lock}.json)
webhooks_go_dir=$cache/webhooks-go-$(hash_of "$root"/examples/webhooks/go/{go.mod,go.sum,main.go} "$dev"/test/webhook-sign/{go.mod,go.sum,main.go})
scan_dir=$cache/python-$(hash_of "$dev/test/checks/scan-requirements.txt")

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# step TEXT COMMAND...: runs it and prints how long it took.
step() {
  local text=$1 begin=$EPOCHREALTIME tenths
  shift
  "$@"
  tenths=$(((${EPOCHREALTIME/./} - ${begin/./}) / 100000))
  printf '%-44s %4d.%d s\n' "$text" $((tenths / 10)) $((tenths % 10)) >&2
}

# eventually SECONDS WHAT COMMAND...: waits until the command succeeds.
eventually() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= deadline)); then
      say "gave up waiting: $what"
      return 1
    fi
    sleep 0.1
  done
}

# ---- processes -------------------------------------------------------------
# A pid file holds the pid and the start time of a process: a pid alone may
# have been given to a stranger since, after a reboot for certain.

started_at() { # of a pid; nothing for a zombie, which is as good as gone
  sed -nE 's/^[0-9]+ \(.*\) [^ZX]( [^ ]+){18} ([0-9]+) .*/\2/p' "/proc/$1/stat" 2>/dev/null || true
}

pid_of() { # PIDFILE: prints the pid when that process still runs
  local pid start
  [ -s "$1" ] && read -r pid start <"$1" || return 1
  [ -n "$start" ] && [ "$(started_at "$pid")" = "$start" ] && printf '%s\n' "$pid"
}

alive() { pid_of "$1" >/dev/null; }

remember() { # PIDFILE PID
  printf '%s %s\n' "$2" "$(started_at "$2")" >"$1.new"
  mv "$1.new" "$1"
}

# background PIDFILE LOG COMMAND...: a process of its own session, unless it runs.
# The child writes the pid file before it becomes the command, so a starter
# killed at any moment leaves no process that its successor cannot find.
background() {
  local pidfile=$1 log=$2
  shift 2
  alive "$pidfile" && return 0
  rm -f "$pidfile"
  # shellcheck disable=SC2016
  setsid bash -c '. "$1"; remember "$2" $$; shift 2; exec "$@"' - "$dev/lib.sh" "$pidfile" "$@" \
    >>"$log" 2>&1 </dev/null 9>&- &
  disown
  eventually 10 "$pidfile" test -e "$pidfile"
}

# end PIDFILE [SIGNAL]: ends the process and waits until it is gone.
end() {
  local pid tries=0
  if pid=$(pid_of "$1"); then
    kill -"${2:-TERM}" "$pid" 2>/dev/null || true
    while alive "$1"; do
      ((++tries == 100)) && kill -KILL "$pid" 2>/dev/null
      sleep 0.05
    done
  fi
  rm -f "$1"
}

# exclusively FILE: one of us at a time, until this script ends. Descriptor 9 is
# the lock; `background` closes it in what outlives us.
exclusively() {
  mkdir -p "$(dirname "$1")"
  exec 9>"$1"
  flock --nonblock 9 || { say "waiting for another run in this checkout" && flock 9; }
}

# free_ports COUNT: TCP ports nobody listens on, below the range from which the
# kernel takes ports for outgoing connections.
free_ports() {
  local port found=0 used
  used=$(awk 'FNR > 1 && $4 == "0A" {split($2, a, ":"); print a[2]}' /proc/net/tcp /proc/net/tcp6 2>/dev/null)
  while ((found < $1)); do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    grep -q "$(printf '%04X' "$port")" <<<"$used" && continue
    used+=$'\n'$(printf '%04X' "$port")
    found=$((found + 1))
    printf '%s\n' "$port"
  done
}

random_secret() { openssl rand -hex "${1:-24}"; }
