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
  if [ ! -S "$place_socket" ]; then
    # What lies there was written by one that ran: Kubernetes' pods will use it again.
    [ ! -d "$place_storage" ] || stopped=${stopped:-the containerd of $place does not run: there is no socket $place_socket}
    return 1
  fi
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

m_ctr_events() {
  case ${ctr##*/} in
    k3s | k0s) exec "$ctr" ctr -a "$address" -n "$namespace" events ;;
    *) exec "$ctr" -a "$address" -n "$namespace" events ;;
  esac
}

# A name is there when it leads to its target, every blob of this platform is there, and it is unpacked.
m_ctr_present() {
  choose_snapshotter
  run_ctr images ls -q >/dev/null 2>"$work/stderr" ||
    fail 3 "the containerd at $address does not answer: $(last_line "$work/stderr")"
  # It ends with an error for a single image of another platform, or a broken one; what it says of the others counts.
  run_ctr images check >"$work/check" 2>"$work/stderr" || note "$ctr images check: $(last_line "$work/stderr")"
  while read -r name _ digest state rest; do
    case $state/${rest##* }/$unpack in
      complete/true/* | complete/*/) printf '%s %s\n' "$name" "$digest" ;;
    esac
  done <"$work/check" >>"$work/present"
}

# NAME TARGET
m_ctr_why() {
  row=$(grep -F -e "$1 " "$work/check" | while read -r name _ digest state rest; do
    [ "$name" != "$1" ] || printf '%s %s %s' "$digest" "$state" "$rest"
  done)
  case $row in
    '') ;;
    "$2 complete "*) printf '%s' "not unpacked for the snapshotter ${CONTAINERD_SNAPSHOTTER:-overlayfs}" ;;
    "$2 "*) row=${row#* } && printf '%s' "the content is ${row%%)*})" ;;
    *) printf '%s' "the name leads to ${row%% *}" ;;
  esac
}

m_ctr_seed() {
  run_ctr content ls -q >"$work/content" 2>"$work/stderr" ||
    fail 3 "the containerd at $address does not list its content: $(last_line "$work/stderr")"
  echo - >>"$work/content"
  while read -r digest _; do printf '%s\n' "$digest"; done <"$work/blobs" >"$work/digests"
  rows_without "$work/content" "$work/digests" >"$work/lacking"
  everything=''
  [ "$(wc -l <"$work/lacking")" -lt "$(wc -l <"$work/blobs")" ] || everything=yes
  if [ -n "$registry" ]; then
    check_space
    pull_images
    return
  fi
  check_left_out
  check_space
  find_import_flags
  hold_reserve
  note "importing $(wc -l <"$work/missing") of $wanted_count names, $(human $((needed_bytes / 1024 + 1))) to bring in"
  if is_side_by_side; then
    import_side_by_side
  elif [ -n "$everything" ] && [ -z "$foreign" ] && [ -z "$names" ]; then
    copy_bundle | import_logged || :
    import_one_by_one
  else
    # Only this platform's names, and only blobs that are not there yet.
    import_archives
  fi
  rm -f -- "$reserve" 2>/dev/null || :
}

# A containerd whose disk is full cannot even clean up; what is held here is let go for that. Where this script may not
# write, as in a seeding pod, nothing is held.
hold_reserve() {
  reserve=$storage/.nodeseed-reserve
  if [ ! -d "$storage" ] || ! (head -c 4194304 /dev/zero >"$reserve") 2>/dev/null; then
    rm -f -- "$reserve" 2>/dev/null || :
  fi
}

m_ctr_clear() {
  rm -f -- "$reserve" 2>/dev/null || :
  collect_garbage >/dev/null 2>&1 || :
  hold_reserve
}

# What is there of $from/lacking and is not what its digest says, as after a loss of power: no import replaces it. Fails
# where there is nothing of that.
m_ctr_mend() {
  command -v sha256sum >/dev/null || return 1
  mended=''
  while read -r digest; do
    case $digest in
      sha256:*) ;;
      *) continue ;;
    esac
    if [ "$(run_ctr content get "$digest" 2>/dev/null | sha256_of)" != "$digest" ] && run_ctr content rm "$digest" >/dev/null 2>&1; then
      note "damaged in containerd, and brought anew: $digest"
      mended=yes
    fi
  done <"$from/lacking"
  # Until it is collected, the file stays, and would be taken for what is brought.
  [ -n "$mended" ] && { collect_garbage >/dev/null 2>&1 || :; }
}

# The end of a lease lets containerd collect garbage at once. A snapshotter whose cleaning failed does it anew only after
# a snapshot was removed.
collect_garbage() {
  run_ctr snapshots prepare nodeseed-clear && run_ctr snapshots rm nodeseed-clear
  lease=$(run_ctr leases create) && run_ctr leases delete --sync "$lease"
}

# containerd from 1.7 on imports by itself, where it unpacks for overlayfs unless a table that few know of names others, and
# what is handed to it comes in small pieces, which takes half as much time again. Its ctr can do what older ones do, which
# know no such flag.
find_import_flags() {
  import_flags=''
  [ -n "$unpack" ] || import_flags=--no-unpack
  run_ctr images import --help >"$work/import-help" 2>/dev/null || :
  ! grep -q -e '--local' "$work/import-help" || import_flags="$import_flags --local"
}

m_ctr_import() {
  # shellcheck disable=SC2086 # flags of ours, or nothing
  run_ctr images import --platform "${import_platform:-$platform}" $import_flags -
}

m_ctr_loss() {
  if [ "$namespace" != k8s.io ]; then
    elsewhere
  elif ! serves_kubelets; then
    printf '%s' "no kubelet can use the containerd at $address as it is: its CRI plugin is off or has failed, as ctr plugins ls says"
  elif [ -z "$unpack" ]; then
    printf '%s' "nothing was unpacked: the first container of each image does that, and needs the space for it"
  fi
}

# Whether Kubernetes' part of it is there and runs. Docker's package brings a containerd without.
serves_kubelets() {
  run_ctr plugins ls >"$work/plugins" 2>/dev/null || return 0
  [ ! -s "$work/plugins" ] || grep -q -e '^io\.containerd\.grpc\.v1  *cri  .* ok *$' "$work/plugins"
}

# Kubernetes looks into one namespace of containerd only.
elsewhere() {
  [ "$namespace" = k8s.io ] || printf '%s' "in containerd's namespace $namespace, where no kubelet looks: Kubernetes uses k8s.io"
}
