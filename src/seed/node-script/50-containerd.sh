# ---- method ctr

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

present_in_ctr() {
  choose_snapshotter
  run_ctr images check 2>/dev/null >"$work/check" || fail 3 "$ctr cannot list the images of $address"
  while read -r name _ digest state _; do
    [ "$state" != complete ] || printf '%s %s\n' "$name" "$digest"
  done <"$work/check" >>"$work/present"
}

seed_by_ctr() {
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

# By digest, so that a tag that has moved in the registry cannot bring in something else; tags are set here.
pull_images() {
  write_hosts
  note "pulling $(wc -l <"$work/missing") of $wanted_count names, $needed_bytes bytes, from $registry"
  find_pull_flags
  while read -r name target; do
    pinned_name=$(repository_of "$name")@$target
    # shellcheck disable=SC2086 # flags are words of ours
    run_ctr images pull $pull_flags --hosts-dir "$work/hosts" --platform "$platform" "$pinned_name" >&3 </dev/null ||
      note "cannot pull $pinned_name from $registry"
    [ "$pinned_name" = "$name" ] || run_ctr images tag --force "$pinned_name" "$name" >&3 </dev/null || :
  done <"$work/missing"
}

# containerd 2 would read the hosts directory itself, where a pod's directory is not to be found, and would ask for the
# manifests of every platform of an index, which a registry for these nodes need not hold. Its ctr can be told otherwise;
# older ones do neither and know no such flags.
find_pull_flags() {
  run_ctr images pull --help >"$work/pull-help" 2>/dev/null || :
  pull_flags=''
  for flag in --local --skip-metadata; do
    ! grep -q -e "$flag" "$work/pull-help" || pull_flags="$pull_flags $flag"
  done
}

# NAME without its tag or digest; a colon before the last slash is a port.
repository_of() {
  case $1 in
    *@*) printf '%s' "${1%%@*}" ;;
    *) printf '%s' "${1%:*}" ;;
  esac
}
