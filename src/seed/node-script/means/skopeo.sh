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

# Where the storage keeps its lists: skopeo removes an image with all its names, and tells none of them.
find_graph_root() {
  graph_root=''
  case $store in
    *@*) graph_root=${store#*@} graph_root=${graph_root%%[]+:]*} ;;
  esac
  for file in "${CONTAINERS_STORAGE_CONF:-}" "$root/etc/containers/storage.conf" "$root/usr/share/containers/storage.conf"; do
    [ -n "$graph_root" ] || [ ! -r "$file" ] ||
      graph_root=$(sed -n 's/^[[:space:]]*graphroot[[:space:]]*=[[:space:]]*["'\'']\([^"'\'']*\).*/\1/p' "$file" | head -n 1)
  done
  graph_root=${graph_root:-/var/lib/containers/storage}
}

# Writes $work/stored (ID "NAME","NAME"...) and $work/used (ID).
m_skopeo_look() {
  find_graph_root
  for list in "$graph_root"/*-images/images.json; do
    [ ! -r "$list" ] || tr '{' '\n' <"$list" |
      sed -n -e 's/^"id":"\([0-9a-f]*\)",.*"names":\[\([^]]*\)\],.*/\1 \2/p' -e t -e 's/^"id":"\([0-9a-f]*\)",.*/\1 /p'
  done >"$work/stored"
  for list in "$graph_root"/*-containers/*containers.json; do
    [ ! -r "$list" ] || tr '{' '\n' <"$list" | sed -n 's/^"id":".*"image":"\([0-9a-f]*\)".*/\1/p'
  done >"$work/used"
  sed 's/ .*//' "$work/candidates" >"$work/old-names"
  : >"$work/removed"
}

m_skopeo_drop() {
  id=${3#*:}
  row=$(grep -e "^$id " "$work/stored") || { missing_storage; return 0; }
  held=$(printf '%s' "${row#* }" | tr -d '"' | tr ',' '\n')
  printf '%s\n' "$held" >"$work/held-names"
  other=$(grep -Fxv -f "$work/old-names" "$work/held-names" | head -n 1) || :
  if is_row "$id" "$work/used"; then
    dropped='a container was made from it'
  elif [ -n "$other" ] && is_row "$1" "$work/held-names"; then
    dropped="it is also $other"
  elif [ -n "$other" ]; then
    dropped=no
  elif is_row "$id" "$work/removed"; then
    dropped=yes
  else
    remove_by "$ctr" delete "containers-storage:$store@$id"
    [ "$dropped" != yes ] || printf '%s\n' "$id" >>"$work/removed"
  fi
}

# Without a list nobody knows what else an image is.
missing_storage() {
  [ -s "$work/stored" ] || dropped="no list of images is in $graph_root"
}
