# ---- method podman, and podman as means of CRI-O

# A node of Kubernetes, whose runtime does not run, would not find there what it needs.
m_podman_detect() {
  if [ -z "$asked" ]; then
    [ ! -d "$root/var/lib/kubelet" ] || stopped=${stopped:-this machine has a kubelet, and no runtime of Kubernetes that runs}
    [ -z "$stopped" ] && command -v podman >/dev/null || return 1
  fi
  runtime=podman
  find_storage_program podman skopeo || fail 3 "neither podman nor skopeo is on this machine"
}

# podman names an image by its config, as docker does, and finds a digest that the repository owns.
m_podman_present() {
  while read -r name target; do
    id=$("$ctr" image inspect --format '{{.Id}}' "$name" 2>/dev/null </dev/null) || continue
    ! grep -q -e "^$target [^ ]* sha256:$id" "$work/images" || printf '%s %s\n' "$name" "$target"
  done <"$work/wanted" >>"$work/present"
}

m_podman_seed() {
  seed_containers_storage
}

# A digest needs no name of its own: podman finds it once the repository has a name for the image.
m_podman_knows() {
  case $1 in
    *@*) "$ctr" image inspect "$1" >/dev/null 2>&1 </dev/null ;;
    *) return 1 ;;
  esac
}

m_podman_store() {
  write_policy
  id=$("$ctr" pull --quiet --signature-policy "$work/policy.json" "dir:$work/image") || return 1
  name_in_podman "$id" "$1"
}

# shellcheck disable=SC2086 # the flags are words of ours; the directory's name is mktemp's
m_podman_pull() {
  find_registry_flags ''
  write_policy
  id=$("$ctr" pull --quiet --platform "$platform" --signature-policy "$work/policy.json" $registry_flags \
    ${auth_file:+--authfile "$auth_file"} "docker://$1") || return 1
  name_in_podman "$id" "$2"
}

m_podman_look() {
  "$ctr" ps --all --external --no-trunc --format '{{.ImageID}}' >"$work/used" 2>"$work/stderr" </dev/null
}

m_podman_drop() {
  id=${3#*:} tag=$(name_as_tag "$1")
  tags=$("$ctr" image inspect --format '{{range .RepoTags}}{{.}} {{end}}' "$id" 2>/dev/null </dev/null) || return 0
  if is_row "$id" "$work/used"; then
    dropped='a container was made from it'
  elif [ -z "$tags" ]; then
    remove_by "$ctr" image rm "$id"
  else
    case " $tags" in
      *" $tag "*) remove_by "$ctr" image rm "$tag" ;;
    esac
  fi
}

name_in_podman() {
  "$ctr" tag "$1" "$(name_as_tag "$2")"
}

name_as_tag() {
  case $1 in
    *@*) printf '%s:nodeseed-%s' "${1%%@*}" "$(printf '%s' "${1##*:}" | head -c 16)" ;;
    *) printf '%s' "$1" ;;
  esac
}
