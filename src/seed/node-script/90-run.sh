# ---- the run

find_unkept() {
  : >"$work/unkept"
  echo - >"$work/kept"
  if [ -z "$pin" ] || ! find_own_step kept; then return 0; fi
  "$step"
  grep -Fxv -f "$work/kept" "$work/wanted" >"$work/unkept" || :
}

# Leaves the exit code in `code`.
run_once() {
  imported=0 pinned=0 pruned=0 result=unchanged code=0
  : >"$work/members"
  read_names
  [ -n "$check" ] || check_edition
  find_missing
  if [ -s "$work/missing" ] && [ -z "$check" ]; then
    imported=$(($(wc -l <"$work/missing")))
    check_bytes
    find_own_step seed && "$step"
    find_missing
    result=seeded
  fi
  find_unkept
  if [ -s "$work/unkept" ] && [ -z "$check" ] && [ ! -s "$work/missing" ]; then
    find_own_step keep && "$step"
    find_unkept
    result=seeded
  fi
  if [ -n "$prune" ] && [ -z "$check" ] && [ ! -s "$work/missing" ]; then
    prune_all
  fi
  conclude
}

prune_all() {
  if find_own_step prune; then "$step"; else note "--prune is for containerd and image directories; nothing is removed here"; fi
  [ "$pruned" -eq 0 ] || result=seeded
}

conclude() {
  if [ -s "$work/missing" ]; then
    code=4
    say gap "images are missing" "$work/missing"
  elif [ -s "$work/unkept" ]; then
    code=4
    say gap "images are not pinned" "$work/unkept"
  else
    record_edition
    say "$result" "$(known_loss)"
  fi
  publish_features
  [ -n "$ready" ] || return 0
  if [ "$code" -eq 0 ]; then : >"$ready"; else rm -f -- "$ready"; fi
}

# What the method cannot do, said although every image is there.
known_loss() {
  ! find_own_step loss || "$step"
}

# One line for each feature. The worker reads the file every minute, so it must be whole at all times; it passes over
# names that begin with a dot.
publish_features() {
  if [ -z "$features" ] || [ -n "$check" ]; then return 0; fi
  features_directory=$root/etc/kubernetes/node-feature-discovery/features.d
  mkdir -p -- "$features_directory"
  if [ "$code" -eq 0 ]; then
    printf '%s' "$features" | tr ' ' '\n' >"$features_directory/.nodeseed-$set_name"
    mv -f -- "$features_directory/.nodeseed-$set_name" "$features_directory/nodeseed-$set_name"
  else
    rm -f -- "$features_directory/nodeseed-$set_name"
  fi
}

containerd_pid=''

# Called by the trap.
clean_up() {
  if [ -n "$containerd_pid" ]; then
    kill "$containerd_pid" 2>/dev/null || :
    wait "$containerd_pid" 2>/dev/null || :
  fi
  [ -z "$work" ] || rm -rf -- "$work"
}

main() {
  parse_options "$@"
  open_progress
  trap clean_up EXIT
  trap 'exit 143' TERM
  trap 'exit 130' INT
  work=$(mktemp -d "${TMPDIR:-/tmp}/nodeseed.XXXXXX")
  detect_platform
  detect_runtime
  run_once
  while [ -n "$watch" ]; do
    sleep "$watch" &
    wait $!
    run_once
  done
  exit "$code"
}

main "$@"
