# ---- means skopeo

# A digest is found when the repository owns it; a tag when it leads to this platform's manifest of the target.
m_skopeo_present() {
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

m_skopeo_seed() {
  seed_containers_storage
}

m_skopeo_store() {
  "$ctr" --insecure-policy --tmpdir "$work" copy --quiet "dir:$work/image" "$(storage_name "$1")"
}

# shellcheck disable=SC2086 # the flags are words of ours; the directory's name is mktemp's
m_skopeo_pull() {
  find_registry_flags src-
  case $platform in
    */*/*) variant_flag=--override-variant=${platform##*/} ;;
    *) variant_flag='' ;;
  esac
  "$ctr" --insecure-policy --tmpdir "$work" --override-os "${platform%%/*}" --override-arch "$(architecture)" $variant_flag copy --quiet $registry_flags \
    ${auth_file:+--src-authfile "$auth_file"} "docker://$1" "$(storage_name "$2")"
}

storage_name() {
  printf 'containers-storage:%s%s' "$store" "$1"
}

manifest_of() {
  while read -r target manifest _; do
    [ "$target" != "$1" ] || printf '%s' "$manifest"
  done <"$work/images"
}
