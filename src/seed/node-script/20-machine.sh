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

# The second part of the platform.
architecture() {
  rest=${platform#*/}
  printf '%s' "${rest%%/*}"
}

# The method that is named, or the first that is here. Sets "runtime" (whose images these become), "method" (by what
# means they get there) and what the means need.
detect_runtime() {
  address=${address:-${CONTAINERD_ADDRESS:-}} asked=$(method_meant "$method")
  case " $methods $named_methods " in
    *" ${asked:-k3s} "*) ;;
    *) fail 2 "no such method: $method" ;;
  esac
  method=$asked
  if [ -z "$asked$address" ]; then
    find_endpoint
    [ -z "$endpoint" ] || { detect_by_endpoint && return; }
  fi
  # A socket that is named is a containerd's, and nothing else will do in its place.
  if [ -z "$asked" ] && [ -n "$address" ]; then
    ! m_ctr_detect || return 0
    [ -S "$address" ] || fail 3 "no containerd at $address: there is no such socket"
    fail 3 "no ctr found for the containerd at $address: name it with --ctr"
  fi
  given_ctr=$ctr given_storage=$storage
  for candidate in ${asked:-$methods}; do
    find_step "$candidate" detect || find_step "$candidate" containerd
    "$step" || continue
    if [ -n "$asked" ] || [ "$method" != ctr ] || serves_kubelets; then return 0; fi
    stopped=${stopped:-the containerd at $address serves no kubelet, as its CRI plugin is off or has failed}
    runtime='' method='' address='' ctr=$given_ctr storage=$given_storage
  done
  [ -z "$stopped" ] ||
    fail 3 "$stopped: start it, or name another runtime with --method, --address and --ctr"
  fail 3 "no runtime found that ${asked:-any method} can seed: name it with --method, --address and --ctr"
}

# Sets "step" to the function that a method, or a means, has for a step, such as m_cri_o_keep; fails where it has none.
# detect: whether it is here; sets runtime, method, storage and what the other steps need
# containerd: the same for a method whose means is the ctr of a containerd
# images: the directory whose archives it imports by itself
# serves ENDPOINT: whether a kubelet with that endpoint uses it, where it is no containerd
# config: the files that a containerd is configured by
# present: adds rows of $work/wanted that are there to $work/present
# why NAME TARGET: what is seen of an image that is not there
# seed: brings what $work/missing lists; import: takes an archive from standard input; clear: frees what one left behind
# mend: takes away what is damaged of $from/lacking, which an import failed on; fails where nothing is
# kept: adds rows of $work/wanted that garbage collection spares to $work/kept; keep: keeps what $work/unkept lists
# events: tells of changes to images, a line each, until it is ended; it must become that process
# loss: says what the method cannot do, although every image is there
# prune: lets go what earlier sets of this name brought; counts in "pruned"
# drop, look: the same where the images say nothing of it, see prune_brought
find_step() {
  step=m_$(printf '%s' "$1" | tr .- __)_$2
  command -v "$step" >/dev/null
}

# A step of the means, or else of the runtime: how CRI-O keeps images does not depend on who brought them.
find_own_step() {
  find_step "$method" "$1" || find_step "$runtime" "$1"
}
