# shellcheck shell=bash
# The control plane's certificates and command lines, for the node and for the
# control plane that stands alone. Sourced after lib.sh, with these set:
#   run           folder of everything it keeps
#   address       where the API server is found   api_port, etcd_port, peer_port,
#   controllers_port, scheduler_port              what they listen on

kubernetes=$kubernetes_dir/kubernetes
pki=$run/pki
service_network=10.205.0.0/24
kubernetes_service=10.205.0.1
dns_service=10.205.0.10
node_address=10.203.0.2
node_network=10.203.0.2/24
pod_network=10.204.0.0/24
node_name=datacrowd

kubectl() { "$kubernetes" kubectl --kubeconfig "$run/admin.kubeconfig" "$@"; }

# make_pki: every key, certificate and kubeconfig, unless they are there.
make_pki() {
  local name
  [ -d "$pki" ] && return
  rm -rf "$pki.new"
  mkdir -p "$pki.new"
  (
    umask 077
    cd "$pki.new"
    new_key ca
    openssl req -x509 -new -key ca.key -subj "/CN=$checkout" -days 3650 -out ca.crt \
      -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
    new_key service-accounts
    openssl ec -in service-accounts.key -pubout -out service-accounts.pub 2>/dev/null

    local kubernetes_names=DNS:localhost name
    for name in kubernetes{,.default{,.svc{,.cluster.local}}}; do kubernetes_names+=,DNS:$name; done
    certificate kube-apiserver /CN=kube-apiserver serverAuth \
      "$kubernetes_names,IP:127.0.0.1,IP:$node_address,IP:$kubernetes_service"
    certificate kubelet-server "/O=system:nodes/CN=system:node:$node_name" serverAuth \
      "DNS:$node_name,IP:$node_address,IP:127.0.0.1"
    certificate etcd /CN=etcd serverAuth,clientAuth DNS:localhost,IP:127.0.0.1
    certificate admin /O=system:masters/CN=admin clientAuth
    certificate kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client clientAuth
    certificate controller-manager /CN=system:kube-controller-manager clientAuth
    certificate scheduler /CN=system:kube-scheduler clientAuth
    certificate proxy /CN=system:kube-proxy clientAuth
    certificate kubelet "/O=system:nodes/CN=system:node:$node_name" clientAuth
    certificate coredns /CN=coredns clientAuth
    rm -f -- *.csr *.extensions
  )
  mv "$pki.new" "$pki"
}

new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

certificate() { # NAME SUBJECT USAGE [ALTERNATIVE NAMES]
  new_key "$1"
  openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
  printf '%s\n' basicConstraints=CA:FALSE keyUsage=critical,digitalSignature "extendedKeyUsage=$3" \
    ${4:+"subjectAltName=$4"} >"$1.extensions"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 \
    -extfile "$1.extensions" -out "$1.crt" 2>/dev/null
}

# kubeconfig NAME SERVER: prints one that carries its certificates in it.
kubeconfig() {
  cat <<Y
apiVersion: v1
kind: Config
clusters:
- name: $checkout
  cluster: {server: "$2", certificate-authority-data: $(base64 -w0 "$pki/ca.crt")}
users:
- name: $1
  user: {client-certificate-data: $(base64 -w0 "$pki/$1.crt"), client-key-data: $(base64 -w0 "$pki/$1.key")}
contexts:
- name: $checkout
  context: {cluster: $checkout, user: $1}
current-context: $checkout
Y
}

make_kubeconfigs() {
  local name
  (
    umask 077
    for name in admin controller-manager scheduler proxy kubelet coredns; do
      kubeconfig $name "https://$address:$api_port" >"$run/$name.kubeconfig"
    done
  )
}

# control_plane_command COMPONENT: fills the array `command`.
control_plane_command() {
  case $1 in
  etcd)
    command=("$kubernetes" etcd --name node --data-dir "$run/etcd" --log-level warn
      --listen-client-urls "https://127.0.0.1:$etcd_port" --advertise-client-urls "https://127.0.0.1:$etcd_port"
      --listen-peer-urls "http://127.0.0.1:$peer_port" --initial-advertise-peer-urls "http://127.0.0.1:$peer_port"
      --initial-cluster "node=http://127.0.0.1:$peer_port"
      --client-cert-auth --trusted-ca-file "$pki/ca.crt" --cert-file "$pki/etcd.crt" --key-file "$pki/etcd.key"
      --unsafe-no-fsync # nothing here is meant to outlive the machine's power
    )
    ;;
  kube-apiserver)
    command=("$kubernetes" kube-apiserver --bind-address "$api_bind" --secure-port "$api_port" --advertise-address "$address"
      --etcd-servers "https://127.0.0.1:$etcd_port" --etcd-cafile "$pki/ca.crt"
      --etcd-certfile "$pki/etcd.crt" --etcd-keyfile "$pki/etcd.key"
      --tls-cert-file "$pki/kube-apiserver.crt" --tls-private-key-file "$pki/kube-apiserver.key"
      --client-ca-file "$pki/ca.crt" --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction
      --service-cluster-ip-range $service_network --service-account-issuer https://kubernetes.default.svc.cluster.local
      --service-account-key-file "$pki/service-accounts.pub" --service-account-signing-key-file "$pki/service-accounts.key"
      --kubelet-client-certificate "$pki/kubelet-client.crt" --kubelet-client-key "$pki/kubelet-client.key"
      --kubelet-certificate-authority "$pki/ca.crt" --kubelet-preferred-address-types InternalIP
      --allow-privileged --profiling=false "${api_server_flags[@]}")
    ;;
  kube-controller-manager)
    command=("$kubernetes" kube-controller-manager --secure-port "$controllers_port"
      --root-ca-file "$pki/ca.crt" --service-account-private-key-file "$pki/service-accounts.key"
      --use-service-account-credentials)
    client_flags controller-manager
    ;;
  kube-scheduler)
    command=("$kubernetes" kube-scheduler --secure-port "$scheduler_port")
    client_flags scheduler
    ;;
  esac
}

# client_flags NAME: what the two loops of the control plane have in common. The
# rates matter: with the defaults, emptying a namespace takes tens of seconds.
client_flags() {
  command+=(--kubeconfig "$run/$1.kubeconfig" --authentication-kubeconfig "$run/$1.kubeconfig"
    --authorization-kubeconfig "$run/$1.kubeconfig" --bind-address 127.0.0.1 --leader-elect=false
    --kube-api-qps 300 --kube-api-burst 600 --profiling=false)
}
