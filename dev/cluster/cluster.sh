# shellcheck shell=bash
# "There is a cluster": kind where a container engine and kind are at hand, the
# node of dev/cluster/node elsewhere. Nothing outside this file knows which it is.
# Sourced after lib.sh.

platform=$state/platform

# The choice is made once and kept until `make down`.
cluster_choose() {
  [ -s "$platform/cluster" ] && return
  local choice=node
  if command -v kind >/dev/null && timeout 5 docker info >/dev/null 2>&1; then choice=kind; fi
  echo $choice >"$platform/cluster"
}

uses_kind() { [ "$(cat "$platform/cluster" 2>/dev/null)" = kind ]; }

kind_node=$checkout-control-plane

# What it takes beside the engine and kind; for the node, everything.
cluster_tools() {
  if uses_kind; then "$dev/install" services helm forward; else "$dev/install"; fi
}

kubectl() {
  if uses_kind; then command kubectl "$@"; else "$kubernetes_dir/kubernetes" kubectl "$@"; fi
}

cluster_start() {
  if uses_kind; then
    kind get clusters 2>/dev/null | grep -qx "$checkout" || kind create cluster --name "$checkout" --wait 120s
    docker start "$kind_node" >/dev/null # after a reboot
  else
    "$dev/cluster/node" start
  fi
}

cluster_stop() {
  if uses_kind; then kind delete cluster --name "$checkout"; else "$dev/cluster/node" stop; fi
}

# cluster_pid: of a process in the cluster's network.
cluster_pid() {
  if uses_kind; then
    docker inspect --format '{{.State.Pid}}' "$kind_node"
  else
    (. "$dev/cluster/node.sh" && first_process)
  fi
}

cluster_address() {
  if uses_kind; then
    docker inspect --format '{{.NetworkSettings.Networks.kind.IPAddress}}' "$kind_node"
  else
    (. "$dev/cluster/node.sh" && echo "$address")
  fi
}

# cluster_enter COMMAND...: with the node's files and processes.
cluster_enter() {
  if uses_kind; then docker exec -i "$kind_node" "$@"; else "$dev/cluster/node" enter "$@"; fi
}

# cluster_kubeconfig PORT: one for this shell, through the forwarder on PORT.
cluster_kubeconfig() {
  if uses_kind; then
    kind get kubeconfig --name "$checkout"
  else
    sed "s#https://[^\"]*#https://127.0.0.1:$1#" "$state/node/admin.kubeconfig"
  fi
}
