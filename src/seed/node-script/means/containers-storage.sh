# ---- means skopeo and podman: containers-storage, where CRI-O and podman look

# PROGRAM...: both write into the same storage; the one that comes first is preferred.
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

# Image by image, so that the space for one is enough. A program has steps of its own for this: knows NAME, where it
# may know a name without being told; store NAME, from the directory $work/image; pull PLACE NAME.
seed_containers_storage() {
  all_blobs_lack
  if [ -n "$registry" ]; then
    check_space
    pull_into_storage
    return
  fi
  check_left_out
  check_space
  extracted='' last_reason='' same_reason=0
  while read -r name target; do
    ! knows_already "$name" || continue
    row=$(grep -e "^$target " "$work/images") || continue
    if [ "$target" != "$extracted" ]; then
      rm -rf "$work/image"
      mkdir "$work/image"
      extracted=$target unread=''
      # What is half written takes the room of the next one, and of what is said about this one.
      write_directory_image "$row" "$work/image" || { unread=yes && rm -rf "$work/image"; }
    fi
    if [ -n "$unread" ]; then
      note "cannot take $name out of the bundle into $TMPDIR: is it full?"
      because "$name" "cannot be taken out of the bundle into $TMPDIR: is it full?"
      continue
    fi
    find_step "$method" store
    "$step" "$name" >&2 2>"$work/store.log" </dev/null || {
      reason=$(why_not "$target")
      reason=${reason:-$(last_line "$work/store.log")}
      because "$name" "$reason"
      # A runtime that stores nothing says the same of each.
      [ "$reason" != "$last_reason" ] || { same_reason=$((same_reason + 1)) && continue; }
      note "cannot store $name: $reason"
      last_reason=$reason
    }
  done <"$work/missing"
  [ "$same_reason" -eq 0 ] || note "cannot store $same_reason more for the same reason"
  rm -rf "$work/image"
}

knows_already() {
  find_step "$method" knows && "$step" "$1"
}

# By digest, so that a tag that has moved in the registry cannot bring in something else.
pull_into_storage() {
  note "pulling $(wc -l <"$work/missing") of $wanted_count names from $registry"
  while read -r name target; do
    ! knows_already "$name" || continue
    places_of "$name" >"$work/places"
    stored='' why=''
    find_step "$method" pull
    while read -r place; do
      [ -z "$stored" ] || continue
      "$step" "$place@$target" "$name" >"$work/pull.log" 2>&1 </dev/null && stored=yes || why="$(tail -n 1 "$work/pull.log")"
    done <"$work/places"
    [ -n "$stored" ] || {
      reason=$(why_not "$target")
      note "cannot pull $name from $registry: ${reason:-$why}"
      because "$name" "${reason:-$why}"
    }
  done <"$work/missing"
}

why_not() {
  ! grep -q -e "^$1 " "$work/indexes" || printf 'an index inside an index, which containers-storage cannot hold'
}

# Both take any signature here: what is imported was checked by its digests.
write_policy() {
  printf '{"default":[{"type":"insecureAcceptAnything"}]}' >"$work/policy.json"
}

# The form that skopeo calls dir: the only one that takes docker's manifests and odd names into containers-storage.
write_directory_image() {
  printf 'Directory Transport Version: 1.1\n' >"$2/version"
  # shellcheck disable=SC2086 # the row is cut at its spaces; none of its characters means anything to a shell
  set -- "$2" $1
  directory=$1 target=$2 manifest=$3 config=$4 layers=${5:-}
  extract_blob "$target" "$directory/manifest.json" || return 1
  [ "$target" = "$manifest" ] || extract_blob "$manifest" "$directory/${manifest#*:}.manifest.json" || return 1
  rest=$config,${layers:+$layers,}
  while [ -n "$rest" ]; do
    blob=${rest%%,*} rest=${rest#*,}
    extract_blob "$blob" "$directory/${blob#*:}" || return 1
  done
}
