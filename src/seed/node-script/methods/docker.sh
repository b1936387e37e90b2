# ---- method docker

m_docker_serves() {
  case $1 in
    */cri-dockerd.sock | */dockershim.sock) ;;
    *) return 1 ;;
  esac
}

# Where podman answers to the name of docker, podman itself does more.
m_docker_detect() {
  [ -n "$asked" ] || [ -S "$root/var/run/docker.sock" ] || [ -n "${DOCKER_HOST:-}" ] || return 1
  ctr=${ctr:-$(command -v docker || :)}
  [ -n "$ctr" ] || return 1
  runtime=docker method=docker storage=${storage:-$root/var/lib/docker}
}

# docker identifies an image by its config, or by its target where containerd keeps the images. The classic store knows
# no digest of a registry: a digest name counts as there when a tag of the same target is, and $work/digestless lists it.
m_docker_present() {
  "$ctr" image ls -q >/dev/null 2>"$work/stderr" </dev/null || fail 3 "docker does not answer: $(last_line "$work/stderr")"
  : >"$work/digestless"
  while read -r name target; do
    row=$(grep -e "^$target " "$work/images") || continue
    id=$(docker_id "$name")
    if [ -z "$id" ]; then
      id=$(docker_id "$(tag_instead_of "$name" "$target")")
      [ -z "$id" ] || printf '%s\n' "$name" >>"$work/digestless"
    fi
    case "$row" in
      *"${id#sha256:}"*) [ -z "$id" ] || printf '%s %s\n' "$name" "$target" ;;
    esac
  done <"$work/wanted" >>"$work/present"
}

docker_id() {
  [ -z "$1" ] || "$ctr" image inspect --format '{{.Id}}' "$1" 2>/dev/null </dev/null || :
}

tag_instead_of() {
  case $1 in
    *@*) tags=$(tags_of "$2") && printf '%s' "${tags%%,*}" | tr -d '"' ;;
  esac
}

m_docker_seed() {
  all_blobs_lack
  if [ -n "$registry" ]; then
    check_space
    pull_into_docker
    return
  fi
  check_left_out
  check_space
  import_archives
}

m_docker_import() {
  "$ctr" load
}

# dockerd pulls by itself: it looks for authorities in its own directory, and takes plain http from loopback only, or
# where daemon.json says so.
pull_into_docker() {
  if [ -n "$ca" ]; then
    certificates=$root/etc/docker/certs.d/$registry_host
    { mkdir -p -- "$certificates" && cat -- "$ca" >"$certificates/nodeseed.crt"; } ||
      note "cannot tell docker the authorities of $registry_host: $certificates"
  fi
  mkdir -p "$work/docker"
  [ -z "$auth_file" ] || cat -- "$auth_file" >"$work/docker/config.json"
  note "pulling $(wc -l <"$work/missing") of $wanted_count names from $registry"
  while read -r name target; do
    case $name in
      *@*) continue ;;
    esac
    places_of "$name" >"$work/places"
    pulled=''
    while read -r place; do
      [ -n "$pulled" ] ||
        ! "$ctr" --config "$work/docker" pull --quiet "$place@$target" >"$work/pull.log" 2>&1 </dev/null ||
        pulled=$place@$target
    done <"$work/places"
    if [ -z "$pulled" ]; then
      note "cannot pull $name from $registry: $(last_line "$work/pull.log")"
      because "$name" "$(last_line "$work/pull.log")"
      continue
    fi
    { "$ctr" tag "$pulled" "$name" && "$ctr" image rm "$pulled"; } >/dev/null </dev/null || note "cannot name $name"
  done <"$work/missing"
}

m_docker_look() {
  containers=$("$ctr" ps --all --quiet --no-trunc 2>"$work/stderr" </dev/null) || return 1
  : >"$work/used"
  # shellcheck disable=SC2086 # IDs
  [ -z "$containers" ] || "$ctr" inspect --format '{{.Image}}' $containers >"$work/used" 2>/dev/null </dev/null || :
}

# An image has its config's digest for an ID, or its target's, by the store. One that has lost its name to the image of
# this set has no tag any more.
m_docker_drop() {
  for id in "$3" "$2"; do
    tags=$("$ctr" image inspect --format '{{range .RepoTags}}{{.}} {{end}}{{range .RepoDigests}}{{.}} {{end}}' "$id" 2>/dev/null </dev/null) || continue
    if is_row "$id" "$work/used"; then
      dropped='a container was made from it'
    elif [ "$(docker_id "$1")" = "$id" ]; then
      remove_by "$ctr" image rm "$1"
    elif [ -z "$tags" ]; then
      remove_by "$ctr" image rm "$id"
    fi
    return 0
  done
}

m_docker_loss() {
  [ ! -s "$work/digestless" ] ||
    printf '%s' "docker's classic store keeps no registry digests: $(($(wc -l <"$work/digestless"))) names are there by tag only, and a pod that names the digest would pull"
}
