# ---- method docker

# docker identifies an image by its config, or by its target where containerd keeps the images. The classic store knows
# no digest of a registry: a digest name counts as there when a tag of the same target is.
present_in_docker() {
  while read -r name target; do
    row=$(grep -e "^$target " "$work/images") || continue
    id=$("$ctr" image inspect --format '{{.Id}}' "$name" 2>/dev/null </dev/null) || id=$(inspect_tag_instead "$name" "$target")
    case "$row" in
      *"${id#sha256:}"*) [ -z "$id" ] || printf '%s %s\n' "$name" "$target" ;;
    esac
  done <"$work/wanted" >>"$work/present"
}

inspect_tag_instead() {
  case $1 in
    *@*) ;;
    *) return 0 ;;
  esac
  tags=$(tags_of "$2")
  tag=${tags%%,*}
  [ -n "$tag" ] || return 0
  note "only by its tag, not by its digest: $1"
  "$ctr" image inspect --format '{{.Id}}' "$(printf '%s' "$tag" | tr -d '"')" 2>/dev/null </dev/null || :
}

seed_by_docker() {
  all_blobs_lack
  check_left_out
  check_space
  compose_archive | "$ctr" load >&2 || note "$ctr load ended with an error"
}
