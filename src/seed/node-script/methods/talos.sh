# ---- method talos

m_talos_detect() {
  [ -z "$registry" ] || fail 2 "talos takes a bundle, not --from-registry"
  runtime=talos
}

# The flat layout of Talos's image cache: manifests by registry, repository, tag and digest; blobs by digest.
m_talos_present() {
  cache=$root
  case $layout in
    flat) ;;
    oci)
      cache=$root/flat.partial
      ! grep -q -s -e "\"dev.nodeseed.set\":\"$set_digest\"" "$root/index.json" || cat "$work/wanted" >>"$work/present"
      return
      ;;
    *) fail 2 "no such layout: $layout" ;;
  esac
  while read -r name target; do
    [ ! -f "$(talos_path "$name")" ] || ! has_blobs_of "$target" || printf '%s %s\n' "$name" "$target"
  done <"$work/wanted" >>"$work/present"
}

has_blobs_of() {
  for digest in $(blobs_of "$1"); do [ -f "$cache/blob/${digest%%:*}-${digest#*:}" ] || return 1; done
}

# The config and the layers of a target.
blobs_of() {
  while read -r target _ config layers; do
    [ "$target" != "$1" ] || printf '%s %s' "$config" "$layers" | tr ',' ' '
  done <"$work/images"
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
  printf '%s/manifests/%s/%s/%s' "$cache" "$registry_part" "${repository#*/}" "$place"
}

m_talos_seed() {
  [ -n "$root" ] || fail 2 "talos needs --root: the directory that becomes the image cache"
  all_blobs_lack
  check_left_out
  if [ "$layout" = oci ]; then make_room_for_layout; fi
  mkdir -p -- "$cache/blob"
  while read -r target manifest config layers; do
    rest=$config,${layers:+$layers,}
    while [ -n "$rest" ]; do
      blob=${rest%%,*} rest=${rest#*,}
      [ -f "$cache/blob/${blob%%:*}-${blob#*:}" ] || extract_into "$blob" "$cache/blob/${blob%%:*}-${blob#*:}"
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
  if [ "$layout" = oci ]; then write_talos_layout; fi
}

make_room_for_layout() {
  if [ -e "$root/index.json" ] && ! grep -q -e '"dev.nodeseed.set":' "$root/index.json"; then
    fail 2 "holds a layout that is not of ours: $root"
  fi
  rm -rf -- "$root/index.json" "$root/blobs" "$cache"
}

# The image that the imager wants: one layer, which is the flat layout, and a platform in the index.
write_talos_layout() {
  printf '{"imageLayoutVersion":"1.0.0"}' >"$root/oci-layout"
  partial=$root/blob.partial
  tar -cf "$partial" -C "$cache" blob manifests || fail 3 "cannot write $partial: is the disk full?"
  rm -rf -- "$cache"
  layer=$(adopt_blob application/vnd.oci.image.layer.v1.tar)
  on="\"architecture\":\"$(architecture)\",\"os\":\"${platform%%/*}\""
  diff_id=${layer#*\"digest\":} && diff_id=${diff_id%%,*}
  printf '{%s,"config":{},"rootfs":{"type":"layers","diff_ids":[%s]}}' "$on" "$diff_id" >"$root/blob.partial"
  config=$(adopt_blob application/vnd.oci.image.config.v1+json)
  manifest_type=application/vnd.oci.image.manifest.v1+json
  printf '{"schemaVersion":2,"mediaType":"%s","config":{%s},"layers":[{%s}]}' "$manifest_type" "$config" "$layer" \
    >"$root/blob.partial"
  manifest=$(adopt_blob "$manifest_type")
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{%s,"platform":{%s}}],"annotations":{"dev.nodeseed.set":"%s"}}' \
    "$manifest" "$on" "$set_digest" >"$root/index.json.partial"
  mv -f -- "$root/index.json.partial" "$root/index.json"
  partial=''
}

# Gives $root/blob.partial the name of its digest; prints its descriptor without the braces.
adopt_blob() {
  digest=$(sha256sum <"$root/blob.partial")
  digest=${digest%% *} size=$(($(wc -c <"$root/blob.partial")))
  mkdir -p -- "$root/blobs/sha256"
  mv -f -- "$root/blob.partial" "$root/blobs/sha256/$digest"
  printf '"mediaType":"%s","digest":"sha256:%s","size":%s' "$1" "$digest" "$size"
}

extract_into() {
  mkdir -p -- "${2%/*}"
  partial=$2.partial
  extract_blob "$1" "$partial" || fail 3 "cannot write $2: is the disk full?"
  is_digest "$1" <"$partial" || fail 2 "damaged: $1 in $bundle"
  mv -f -- "$partial" "$2" || fail 3 "cannot write $2: is the disk full?"
  partial=''
}

# The layout for the imager is made anew each time, and holds what this bundle has.
m_talos_prune() {
  [ "$layout" = oci ] ||
    note "--prune removes nothing from Talos's image cache, whose files say nothing of sets: make the next one in a new directory"
}

m_talos_loss() {
  printf '%s' "this is what nodes pull from: it has to be brought to them, and they unpack at the first pull"
}
