# ---- this machine

detect_platform() {
  [ -z "$platform" ] || return 0
  case $(uname -m) in
    x86_64) platform=linux/amd64 ;;
    aarch64 | arm64) platform=linux/arm64 ;;
    armv6*) platform=linux/arm/v6 ;;
    armv7* | armv8l) platform=linux/arm/v7 ;;
    i?86) platform=linux/386 ;;
    loongarch64) platform=linux/loong64 ;;
    *) platform=linux/$(uname -m) ;;
  esac
}

# What is here, in the order in which it is looked for; sets runtime, method and what the method needs. A row names the
# socket, the directory of images, the image directory that is read at start (or -), then what may be its ctr.
detect_runtime() {
  address=${address:-${CONTAINERD_ADDRESS:-}}
  wanted=$method only=''
  case $method in
    talos) runtime=talos && return ;;
    bake) runtime=containerd && return ;;
    k3s | rke2 | k0s | microk8s | containerd) only=$method method=ctr ;;
    '' | ctr | directory | cri-o | docker | podman) ;;
    *) fail 2 "no such method: $method" ;;
  esac
  for_containerd k3s /run/k3s/containerd/containerd.sock /var/lib/rancher/k3s/agent/containerd \
    /var/lib/rancher/k3s/agent/images /usr/local/bin/k3s /opt/bin/k3s /usr/bin/k3s \
    /var/lib/rancher/k3s/data/current/bin/ctr && return
  for_containerd rke2 /run/k3s/containerd/containerd.sock /var/lib/rancher/rke2/agent/containerd \
    /var/lib/rancher/rke2/agent/images /var/lib/rancher/rke2/bin/ctr && return
  for_containerd k0s /run/k0s/containerd.sock /var/lib/k0s/containerd \
    /var/lib/k0s/images /usr/local/bin/k0s /usr/bin/k0s /opt/bin/k0s && return
  for_containerd microk8s /var/snap/microk8s/common/run/containerd.sock /var/snap/microk8s/common/var/lib/containerd \
    - /snap/microk8s/current/bin/ctr && return
  for_containerd containerd /run/containerd/containerd.sock /var/lib/containerd \
    - "$(command -v ctr || :)" /usr/local/bin/ctr /usr/bin/ctr /opt/bin/ctr && return
  for_crio && return
  for_docker && return
  for_podman && return
  fail 3 "no runtime found that ${wanted:-any method} can seed: name it with --method, --address and --ctr"
}

for_containerd() {
  row=$1 row_default=$root$2 row_socket=${address:-$root$2} row_storage=$root$3 row_directory=$root$4
  shift 4
  case $method in
    directory)
      [ "$row_directory" != "$root-" ] && [ -d "${row_directory%/*}" ] || return 1
      runtime=$row image_directory=$row_directory storage=${storage:-${row_directory%/*}}
      return 0
      ;;
    '' | ctr) ;;
    *) return 1 ;;
  esac
  # A socket that is no distribution's own belongs to a containerd of its own, unless it is said to be one's.
  [ "$row_socket" = "$row_default" ] || [ "$row" = "${only:-containerd}" ] || return 1
  [ "$row" = "${only:-$row}" ] || return 1
  [ -S "$row_socket" ] || return 1
  [ -z "$ctr" ] || set -- "$ctr"
  for program in "$@"; do
    case $program in
      "$ctr" | '') ;;
      *) program=$root$program ;;
    esac
    if [ -n "$program" ] && [ -x "$program" ]; then
      runtime=$row method=ctr address=$row_socket ctr=$program storage=${storage:-$row_storage}
      return 0
    fi
  done
  return 1
}

for_crio() {
  case $method in
    cri-o) ;;
    '') [ -S "$root/run/crio/crio.sock" ] || [ -S "$root/var/run/crio/crio.sock" ] || return 1 ;;
    *) return 1 ;;
  esac
  runtime=cri-o
  find_storage_program skopeo podman ||
    fail 3 "CRI-O takes images through skopeo or podman, and neither is on this node: install one, or let CRI-O pull from a mirror"
}

for_podman() {
  case $method in
    podman) ;;
    '') command -v podman >/dev/null || return 1 ;;
    *) return 1 ;;
  esac
  runtime=podman
  find_storage_program podman skopeo || fail 3 "neither podman nor skopeo is on this machine"
}

# Both write into the same containers-storage; the one that comes first is preferred.
find_storage_program() {
  [ -z "$ctr" ] || set -- "$ctr"
  for program in "$@"; do
    program=$(command -v "$program" || :)
    [ -n "$program" ] || continue
    case ${program##*/} in
      podman*) method=podman ;;
      *) method=skopeo ;;
    esac
    ctr=$program storage=${storage:-$root/var/lib/containers} store=${store:+[$store]}
    return 0
  done
  return 1
}

# Where podman answers to the name of docker, podman itself does more.
for_docker() {
  case $method in
    docker) ;;
    '') [ -S "$root/var/run/docker.sock" ] || [ -n "${DOCKER_HOST:-}" ] || return 1 ;;
    *) return 1 ;;
  esac
  ctr=${ctr:-$(command -v docker || :)}
  [ -n "$ctr" ] || return 1
  runtime=docker method=docker storage=${storage:-$root/var/lib/docker}
}

# k3s and k0s are one program that holds ctr.
run_ctr() {
  case ${ctr##*/} in
    k3s | k0s) "$ctr" ctr -a "$address" -n "$namespace" "$@" ;;
    *) "$ctr" -a "$address" -n "$namespace" "$@" ;;
  esac
}
