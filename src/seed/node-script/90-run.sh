# ---- the run

# Of the images that are there.
find_unkept() {
  : >"$work/unkept"
  echo - >"$work/kept"
  if [ -z "$pin" ] || ! find_own_step kept; then return 0; fi
  "$step"
  cat "$work/missing" >>"$work/kept"
  rows_without "$work/kept" "$work/wanted" >"$work/unkept"
}

# Leaves the exit code in `code`.
run_once() {
  imported=0 pinned=0 pruned=0 result=unchanged code=0 said=''
  : >"$work/members"
  : >"$work/why"
  gone=''
  if is_bundle_gone; then
    gone=yes
    find_missing
    [ ! -s "$work/missing" ] || note "nothing to bring them from: $bundle is not there any more, or holds other images"
  else
    read_names
    [ -n "$check" ] || check_edition
    find_missing
    [ -n "$check" ] || note_brought
  fi
  if [ -s "$work/missing" ] && [ -z "$check$gone" ]; then
    cat "$work/missing" >"$work/first"
    check_bytes
    # A look takes a call of the runtime's client for each name: none is needed right after one that found everything.
    looked=''
    find_own_step seed && "$step"
    [ -n "$looked" ] || find_missing
    { echo - && cat "$work/missing"; } >"$work/still"
    rows_without "$work/still" "$work/first" >"$work/brought"
    imported=$(($(wc -l <"$work/brought")))
    result=seeded
  fi
  find_unkept
  if [ -s "$work/unkept" ] && [ -z "$check" ]; then
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
  if [ -n "$unsure_edition" ]; then
    note "--prune removes nothing, since it may be another project's: $unsure_edition"
  elif find_own_step prune; then
    "$step"
  elif find_step "$method" drop; then
    prune_brought
  else
    note "--prune cannot tell here what an earlier set brought; nothing is removed"
  fi
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
    [ -n "$gone" ] || record_edition
    say "$result" "$(remarks)"
  fi
  publish_features
  [ -n "$ready" ] || return 0
  if [ "$code" -eq 0 ]; then : >"$ready"; else rm -f -- "$ready"; fi
}

# Said although every image is there: that it may be another project's bundle, and what could not be done or seen.
remarks() {
  {
    [ -z "$edition_remark" ] || printf '%s; ' "$edition_remark"
    [ ! -e "$work/unchecked" ] || printf 'there is no %s here: nobody has seen whether the bundle is damaged; ' "$(cat "$work/unchecked")"
    ! find_own_step loss || "$step"
  } | sed 's/; $//'
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

# Whatever happens, a line says how it ended; a shell that cannot write a file ends by itself.
clean_up() {
  ended=$?
  # shellcheck disable=SC2086 # none, or two numbers
  [ -z "$listeners" ] || kill $listeners 2>/dev/null || :
  stop_workers || :
  if [ -n "$containerd_pid" ]; then
    kill "$containerd_pid" 2>/dev/null || :
    wait "$containerd_pid" 2>/dev/null || :
  fi
  [ -z "$partial" ] || rm -rf -- "$partial"
  [ -z "$reserve" ] || rm -f -- "$reserve" 2>/dev/null || :
  if [ -z "$said" ]; then
    [ -z "$ready" ] || rm -f -- "$ready" || :
    case $ended in
      143 | 130) say failed "stopped by a signal" ;;
      *) ended=3 && say failed "ended before it was done: $(why_ended)" ;;
    esac
  fi
  [ -z "$work" ] || rm -rf -- "$work"
  exit "$ended"
}

why_ended() {
  if (head -c 65536 /dev/zero >"$work/room") 2>/dev/null; then
    printf '%s' "what was said above tells why"
  else
    printf '%s' "cannot write below $TMPDIR: is it full?"
  fi
}

main() {
  open_outputs
  parse_options "$@"
  # One that was killed has left it behind.
  [ -z "$ready" ] || rm -f -- "$ready"
  trap clean_up EXIT
  trap 'exit 143' TERM
  trap 'exit 130' INT
  work=$(mktemp -d "$TMPDIR/nodeseed.XXXXXX") || fail 3 "cannot make a directory below $TMPDIR: is it full, or not to be written to?"
  detect_platform
  detect_runtime
  [ -z "$wait_for_media" ] || open_media
  run_once
  while [ -n "$watch" ]; do
    wait_for_change
    run_once
  done
  exit "$code"
}

main "$@"
