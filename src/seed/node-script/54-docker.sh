# ---- method docker

# docker identifies an image by its config, or by its target where containerd keeps the images. The classic store knows
# no digest of a registry: a digest name counts as there when a tag of the same target is, and $work/digestless lists it.
present_in_docker() {
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

seed_by_docker() {
  all_blobs_lack
  check_left_out
  check_space
  compose_archive | "$ctr" load >&2 || note "$ctr load ended with an error"
}
