# ---- archives made from the bundle

# An archive of the blobs in $from/lacking and an index of the names in $from/list, to standard output: an OCI layout
# that is a docker archive too. Blobs are copied in runs: a header block and its content in whole blocks, member by member.
compose_archive() {
  mkdir -p "$from/layout"
  printf '{"imageLayoutVersion":"1.0.0"}' >"$from/layout/oci-layout"
  write_index >"$from/layout/index.json"
  write_docker_manifest >"$from/layout/manifest.json"
  run_start=0 run_end=0
  { echo - && cat "$from/lacking"; } >"$from/lacking-patterns"
  grep -F -f "$from/lacking-patterns" "$work/members" >"$from/to-copy" || :
  while read -r _ block size; do
    if [ "$block" -ne "$run_end" ]; then
      [ "$run_end" -eq "$run_start" ] || copy_bytes $((run_start * 512)) $(((run_end - run_start) * 512))
      run_start=$block
    fi
    run_end=$((block + 1 + (size + 511) / 512))
  done <"$from/to-copy"
  [ "$run_end" -eq "$run_start" ] || copy_bytes $((run_start * 512)) $(((run_end - run_start) * 512))
  tar -cf - -C "$from/layout" oci-layout index.json manifest.json
}

# Whether each blob is what its digest says, in an archive that was just made, which no importer has looked at. A medium
# that went bad, or a bundle that was replaced meanwhile, shows only here.
check_archive() {
  place=0
  while read -r digest _ size; do
    copy_bytes_of "$1" $((place + 512)) "$size" | is_digest "$digest" || fail 2 "damaged: $digest in ${bundle}"
    place=$((place + 512 + (size + 511) / 512 * 512))
  done <"$from/to-copy"
}

# Every value here has passed read_names: no quote and no backslash is among them.
write_index() {
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":['
  comma=''
  while read -r target type size name; do
    printf '%s{"mediaType":"%s","digest":"%s","size":%s,"annotations":{"io.containerd.image.name":"%s","org.opencontainers.image.ref.name":"%s"}}' \
      "$comma" "$type" "$target" "$size" "$name" "$name"
    comma=,
  done <"$from/list"
  printf ']}'
}

write_docker_manifest() {
  printf '['
  comma=''
  while read -r target manifest config layers; do
    printf '%s{"Config":"%s","RepoTags":[%s],"Layers":[%s]}' \
      "$comma" "$(blob_path "$config")" "$(tags_of "$target")" "$(blob_paths "$layers")"
    comma=,
  done <"$from/images"
  printf ']'
}

# Names of a target that are tags, quoted, with commas.
tags_of() {
  tags=''
  while read -r name target; do
    case $target/$name in
      *@*) ;;
      "$1"/*) tags="$tags${tags:+,}\"$name\"" ;;
    esac
  done <"$work/wanted"
  printf '%s' "$tags"
}

blob_path() {
  printf 'blobs/%s/%s' "${1%%:*}" "${1#*:}"
}

blob_paths() {
  paths='' rest=$1,
  while [ -n "$rest" ] && [ "$rest" != , ]; do
    paths="$paths${paths:+,}\"$(blob_path "${rest%%,*}")\""
    rest=${rest#*,}
  done
  printf '%s' "$paths"
}

all_blobs_lack() {
  while read -r digest _; do printf '%s\n' "$digest"; done <"$work/blobs" >"$work/lacking"
}

# By the step "import", which reads an archive: all that is lacking at once and then, where that was not enough, image by
# image, so that one at fault takes no other with it.
import_archives() {
  from=$work
  compose_archive | import_logged || :
  import_one_by_one
}

import_one_by_one() {
  find_missing
  [ -s "$work/missing" ] || { looked=yes && return; }
  note "not complete: importing image by image"
  targets_of "$work/missing" >"$work/targets"
  from=$work/one
  mkdir -p "$from"
  while read -r target; do
    take_target "$target"
    if ! compose_archive | import_logged && ! { is_mended && compose_archive | import_logged; }; then
      reason=$(last_line "$work/import.log")
      while read -r _ _ _ name; do because "$name" "${reason:-the import ended with an error}"; done <"$from/list"
    fi
  done <"$work/targets"
  from=$work import_platform=''
}

# NAME TARGET in each row: the targets, each once.
targets_of() {
  while read -r _ target; do printf '%s\n' "$target"; done <"$1" | sort -u
}

# Makes $from say what compose_archive needs to know of one target.
take_target() {
  for rows in list images; do grep -e "^$1 " "$work/$rows" >"$from/$rows" || :; done
  blobs_of_target "$1" >"$from/lacking"
  import_platform=$(platform_of "$1")
}

# Whether there was something damaged that stood in the way, and is gone now.
is_mended() {
  find_own_step mend && "$step"
}

import_logged() {
  find_own_step import
  ! "$step" >&3 2>"$work/import.log" || return 0
  note "the import ended with an error: $(last_line "$work/import.log")"
  # What it left behind takes the space that the next one needs.
  if find_own_step clear; then "$step" || :; fi
  return 1
}

# What the bundle holds of a target, on this platform.
blobs_of_target() {
  sed -n "/^$1 /p" "$work/images" "$work/indexes" "$work/beside" | tr ' ' ',' | tr ',' '\n' | sort -u | grep -Fx -f "$work/held" || :
}
