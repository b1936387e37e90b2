# ---- means ctr: the client of a containerd

# Named as a method, it works with whatever containerd is here, or at --address.
m_ctr_detect() {
  for candidate in $methods; do
    if find_step "$candidate" containerd && "$step"; then return 0; fi
  done
  return 1
}

# NAME SOCKET STORAGE PROGRAM...: where a distribution has its containerd and keeps images, then what may be its ctr.
detect_containerd() {
  place=$1 place_default=$root$2 place_socket=${address:-$root$2} place_storage=$root$3
  shift 3
  case $asked in
    '' | ctr) place_asked=containerd ;;
    *) place_asked=$asked ;;
  esac
  # A socket that is no distribution's own belongs to a containerd of its own, unless it is said to be one's.
  [ "$place_socket" = "$place_default" ] || [ "$place" = "$place_asked" ] || return 1
  [ -S "$place_socket" ] || return 1
  [ -z "$ctr" ] || set -- "$ctr"
  for program in "$@"; do
    case $program in
      "$ctr" | '') ;;
      *) program=$root$program ;;
    esac
    if [ -n "$program" ] && [ -x "$program" ]; then
      runtime=$place method=ctr address=$place_socket ctr=$program storage=${storage:-$place_storage}
      return 0
    fi
  done
  return 1
}

# k3s and k0s are one program that holds ctr.
run_ctr() {
  case ${ctr##*/} in
    k3s | k0s) "$ctr" ctr -a "$address" -n "$namespace" "$@" ;;
    *) "$ctr" -a "$address" -n "$namespace" "$@" ;;
  esac
}

# ctr unpacks for overlayfs unless told otherwise, and can say nothing of images where containerd has none.
choose_snapshotter() {
  [ -z "${CONTAINERD_SNAPSHOTTER:-}" ] || return 0
  run_ctr plugins ls >"$work/plugins" 2>/dev/null || return 0
  for snapshotter in overlayfs fuse-overlayfs btrfs zfs native; do
    grep -q -e "^io\.containerd\.snapshotter\.v1  *$snapshotter  *.* ok *\$" "$work/plugins" || continue
    CONTAINERD_SNAPSHOTTER=$snapshotter
    export CONTAINERD_SNAPSHOTTER
    return 0
  done
}

m_ctr_present() {
  choose_snapshotter
  run_ctr images check 2>/dev/null >"$work/check" || fail 3 "$ctr cannot list the images of $address"
  while read -r name _ digest state _; do
    [ "$state" != complete ] || printf '%s %s\n' "$name" "$digest"
  done <"$work/check" >>"$work/present"
}

m_ctr_seed() {
  run_ctr content ls -q >"$work/content" 2>/dev/null || fail 3 "$ctr cannot list the content of $address"
  echo - >>"$work/content"
  while read -r digest _; do
    printf '%s\n' "$digest"
  done <"$work/blobs" | grep -Fxv -f "$work/content" >"$work/lacking" || :
  everything=''
  [ "$(wc -l <"$work/lacking")" -lt "$(wc -l <"$work/blobs")" ] || everything=yes
  if [ -n "$registry" ]; then
    check_space
    pull_images
    return
  fi
  check_left_out
  check_space
  note "importing $(wc -l <"$work/missing") of $wanted_count names, $needed_bytes bytes to bring in"
  if [ -n "$everything" ] && [ -z "$foreign" ] && [ -z "$names" ]; then
    import_archive "$bundle"
  else
    # Only this platform's names, and only blobs that are not there yet.
    compose_archive | import_archive -
  fi
  find_missing
  [ -s "$work/missing" ] || return 0
  # A blob that was there may have been garbage; bring in everything once.
  note "not complete yet; importing everything"
  all_blobs_lack
  check_left_out
  compose_archive | import_archive -
}

# The exit code of old versions says little; what counts is what is there afterwards.
import_archive() {
  if [ -n "$unpack" ]; then
    run_ctr images import --platform "$platform" "$1" >&3 || note "$ctr images import ended with an error"
  else
    run_ctr images import --platform "$platform" --no-unpack "$1" >&3 || note "$ctr images import ended with an error"
  fi
}

m_ctr_loss() {
  elsewhere
}

# Kubernetes looks into one namespace of containerd only.
elsewhere() {
  [ "$namespace" = k8s.io ] || printf '%s' "in containerd's namespace $namespace, where no kubelet looks: Kubernetes uses k8s.io"
}
