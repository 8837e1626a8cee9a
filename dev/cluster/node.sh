# shellcheck shell=bash
# Where the node is and how to get into it. Sourced after lib.sh, before
# kubernetes.sh. Its network is its own, so the ports are the usual ones.

run=$state/node
address=10.203.0.2 api_bind=0.0.0.0
api_port=6443 etcd_port=2379 peer_port=2380 controllers_port=10257 scheduler_port=10259
# What ServiceAccounts ask for: dev/test/checks/rights.py holds it against their Roles.
api_server_flags=(--audit-policy-file "$run/etc/audit.yaml" --audit-log-path "$run/log/audit" --audit-log-maxsize 1000)

# first_process: the pid, seen from here, of the node's pid 1.
first_process() {
  local unshare first
  unshare=$(pid_of "$run/node.pid") || return 1
  first=$(<"/proc/$unshare/task/$unshare/children") # empty before there is a child
  [ -n "$first" ] || return 1
  printf '%s\n' "${first%% *}"
}

# inside COMMAND...: our files and functions, the node's network.
inside() {
  local first
  first=$(first_process) || return 1
  if [ "$1" = kubectl ]; then
    shift
    set -- "$kubernetes" kubectl --kubeconfig "$run/admin.kubeconfig" "$@"
  fi
  nsenter -t "$first" -n "$@"
}
