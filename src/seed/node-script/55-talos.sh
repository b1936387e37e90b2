# ---- method talos

# The flat layout of Talos's image cache: manifests by registry, repository, tag and digest; blobs by digest.
present_in_talos() {
  while read -r name target; do
    [ ! -f "$(talos_path "$name")" ] || printf '%s %s\n' "$name" "$target"
  done <"$work/wanted" >>"$work/present"
}

talos_path() {
  repository=$(repository_of "$1")
  registry_part=${repository%%/*}
  # A colon cannot be in a file name of every file system that the cache may lie on.
  case $registry_part in
    *:*) registry_part=${registry_part%:*}_${registry_part##*:}_ ;;
  esac
  case $1 in
    *@*) place=digest/${1##*@} && place=${place%%:*}-${place#*:} ;;
    *) place=reference/${1##*:} ;;
  esac
  printf '%s/manifests/%s/%s/%s' "$root" "$registry_part" "${repository#*/}" "$place"
}

seed_by_talos() {
  [ -n "$root" ] || fail 2 "talos needs --root: the directory that becomes the image cache"
  all_blobs_lack
  check_left_out
  mkdir -p -- "$root/blob"
  while read -r target manifest config layers; do
    rest=$config,${layers:+$layers,}
    while [ -n "$rest" ]; do
      blob=${rest%%,*} rest=${rest#*,}
      [ -f "$root/blob/${blob%%:*}-${blob#*:}" ] || extract_into "$blob" "$root/blob/${blob%%:*}-${blob#*:}"
    done
    while read -r name named_target; do
      [ "$named_target" = "$target" ] || continue
      extract_into "$target" "$(talos_path "$name")"
      extract_into "$manifest" "$(talos_path "$(repository_of "$name")@$manifest")"
      while read -r outer index; do
        [ "$outer" != "$target" ] || extract_into "$index" "$(talos_path "$(repository_of "$name")@$index")"
      done <"$work/indexes"
    done <"$work/wanted"
  done <"$work/images"
}

extract_into() {
  mkdir -p -- "${2%/*}"
  extract_blob "$1" "$2.partial" && mv -f -- "$2.partial" "$2"
}
