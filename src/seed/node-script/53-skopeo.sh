# ---- methods skopeo and podman: containers-storage

storage_name() {
  printf 'containers-storage:%s%s' "$store" "$1"
}

# A digest is found when the repository owns it; a tag when it leads to this platform's manifest of the target.
present_in_skopeo() {
  while read -r name target; do
    case $name in
      *@*) wanted_manifest=$target ;;
      *) wanted_manifest=$(manifest_of "$target") ;;
    esac
    "$ctr" inspect --raw "$(storage_name "$name")" >"$work/raw" 2>/dev/null </dev/null || continue
    found=$(sha256sum <"$work/raw")
    [ "sha256:${found%% *}" != "$wanted_manifest" ] || printf '%s %s\n' "$name" "$target"
  done <"$work/wanted" >>"$work/present"
}

manifest_of() {
  while read -r target manifest _; do
    [ "$target" != "$1" ] || printf '%s' "$manifest"
  done <"$work/images"
}

# podman names an image by its config, as docker does, and finds a digest that the repository owns.
present_in_podman() {
  while read -r name target; do
    id=$("$ctr" image inspect --format '{{.Id}}' "$name" 2>/dev/null </dev/null) || continue
    ! grep -q -e "^$target [^ ]* sha256:$id" "$work/images" || printf '%s %s\n' "$name" "$target"
  done <"$work/wanted" >>"$work/present"
}

# Image by image, so that the space for one is enough.
seed_containers_storage() {
  all_blobs_lack
  if [ -n "$registry" ]; then
    check_space
    pull_into_storage
    return
  fi
  check_left_out
  check_space
  extracted=''
  while read -r name target; do
    ! is_known_to_podman "$name" || continue
    row=$(grep -e "^$target " "$work/images") || continue
    if [ "$target" != "$extracted" ]; then
      rm -rf "$work/image"
      mkdir "$work/image"
      write_directory_image "$row" "$work/image" || note "cannot unpack $name"
      extracted=$target
    fi
    store_image "$name" >&2 </dev/null || note "cannot store $name$(why_not "$target")"
  done <"$work/missing"
  rm -rf "$work/image"
}

# A digest needs no name of its own: podman finds it once the repository has a name for the image.
is_known_to_podman() {
  case $method/$1 in
    podman/*@*) "$ctr" image inspect "$1" >/dev/null 2>&1 </dev/null ;;
    *) return 1 ;;
  esac
}

store_image() {
  if [ "$method" = skopeo ]; then
    "$ctr" --insecure-policy --tmpdir "$work" copy --quiet "dir:$work/image" "$(storage_name "$1")"
    return
  fi
  printf '{"default":[{"type":"insecureAcceptAnything"}]}' >"$work/policy.json"
  id=$("$ctr" pull --quiet --signature-policy "$work/policy.json" "dir:$work/image") || return 1
  name_in_podman "$id" "$1"
}

name_in_podman() {
  case $2 in
    *@*) "$ctr" tag "$1" "${2%%@*}:nodeseed-$(printf '%s' "${2##*:}" | head -c 16)" ;;
    *) "$ctr" tag "$1" "$2" ;;
  esac
}

# By digest, so that a tag that has moved in the registry cannot bring in something else.
pull_into_storage() {
  if [ "$method" = skopeo ]; then find_registry_flags src-; else find_registry_flags ''; fi
  case $platform in
    */*/*) variant_flag=--override-variant=${platform##*/} ;;
    *) variant_flag='' ;;
  esac
  note "pulling $(wc -l <"$work/missing") of $wanted_count names from $registry"
  while read -r name target; do
    ! is_known_to_podman "$name" || continue
    places_of "$name" >"$work/places"
    stored='' why=''
    while read -r place; do
      [ -z "$stored" ] || continue
      pull_image "$place@$target" "$name" >"$work/pull.log" 2>&1 </dev/null && stored=yes || why="$(tail -n 1 "$work/pull.log")"
    done <"$work/places"
    [ -n "$stored" ] || note "cannot pull $name from $registry$(why_not "$target"): $why"
  done <"$work/missing"
}

# shellcheck disable=SC2086 # the flags are words of ours; the directory's name is mktemp's
pull_image() {
  if [ "$method" = skopeo ]; then
    "$ctr" --insecure-policy --tmpdir "$work" --override-os "${platform%%/*}" --override-arch "$(architecture)" $variant_flag copy --quiet $registry_flags \
      ${auth_file:+--src-authfile "$auth_file"} "docker://$1" "$(storage_name "$2")"
    return
  fi
  printf '{"default":[{"type":"insecureAcceptAnything"}]}' >"$work/policy.json"
  id=$("$ctr" pull --quiet --platform "$platform" --signature-policy "$work/policy.json" $registry_flags \
    ${auth_file:+--authfile "$auth_file"} "docker://$1") || return 1
  name_in_podman "$id" "$2"
}

architecture() {
  rest=${platform#*/}
  printf '%s' "${rest%%/*}"
}

why_not() {
  ! grep -q -e "^$1 " "$work/indexes" || printf ': an index inside an index, which containers-storage cannot hold'
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

# CRI-O takes pinned_images from the last file that has any, so ours comes last and says what the others say too: the
# pins of other sets, which are marked in it, and those of whoever else runs this node.
CRIO_DIRECTORY=/etc/crio
CRIO_DROP_IN=$CRIO_DIRECTORY/crio.conf.d/99-nodeseed.conf

crio_drop_in() {
  printf '# Written by nodeseed: the kubelet does not collect these.\n[crio.image]\npinned_images = [\n'
  {
    while read -r name _; do printf '  "%s", # set %s\n' "$name" "$set_name"; done <"$work/wanted"
    [ ! -f "$root$CRIO_DROP_IN" ] || grep -e '^  ".*", # set ' "$root$CRIO_DROP_IN" | grep -v -e " # set $set_name\$" || :
    pins_of_node
  } | sort
  printf ']\n'
}

pins_of_node() {
  last=''
  for file in "$root$CRIO_DIRECTORY/crio.conf" "$root$CRIO_DIRECTORY/crio.conf.d"/*; do
    case $file in
      */*-nodeseed.conf*) ;;
      *) ! grep -q -e '^[[:space:]]*pinned_images[[:space:]]*=' "$file" 2>/dev/null || last=$file ;;
    esac
  done
  [ -n "$last" ] || return 0
  # The array, whether it is on one line or on many.
  sed -n -e '/^[[:space:]]*pinned_images[[:space:]]*=/{' -e ':more' -e '/\]/!{' -e 'N' -e 'b more' -e '}' -e 'p' -e '}' "$last" |
    sed 's/#.*//' | tr "'" '"' | tr ',' '\n' | sed -n 's/^[^"]*"\([^"]*\)".*/  "\1", # of this node/p'
}

kept_in_crio() {
  crio_drop_in >"$work/drop-in"
  ! cmp -s "$work/drop-in" "$root$CRIO_DROP_IN" || cat "$work/wanted" >>"$work/kept"
}

keep_by_crio() {
  mkdir -p -- "$root${CRIO_DROP_IN%/*}"
  crio_drop_in >"$root$CRIO_DROP_IN.partial"
  mv -f -- "$root$CRIO_DROP_IN.partial" "$root$CRIO_DROP_IN"
  pinned=$((pinned + $(wc -l <"$work/unkept")))
  [ -n "$root" ] || reload_crio || note "reload CRI-O for the pins to count: systemctl reload crio"
}

# As its unit does; a pod that sees the processes of the host can do this too.
reload_crio() {
  reloaded=''
  for process in /proc/[0-9]*; do
    program=''
    { read -r program <"$process/comm"; } 2>/dev/null || :
    [ "$program" != crio ] || ! kill -HUP "${process##*/}" || reloaded=yes
  done
  [ -n "$reloaded" ]
}
