# ---- media that come one after the other

# With --wait-for-media: learns from the first parts how many there are and how large, and where each blob lies. Sets what
# find_parts sets, and head_end, where the first blob begins.
open_media() {
  parts=1 part_sizes='' head_end=''
  if [ -f "$bundle" ]; then
    find_parts
    return
  fi
  case $bundle in
    *.part[0-9][0-9][0-9]) bundle=${bundle%.part*} ;;
  esac
  until read_table; do
    wait_for_part "$parts"
    [ "$parts" -gt 1 ] || part_size=$(($(wc -c <"$(part 1)")))
    part_sizes="$part_sizes $(($(wc -c <"$(part "$parts")")))"
    parts=$((parts + 1))
  done
  bundle_size=$(total_size)
  parts=$(((bundle_size + part_size - 1) / part_size)) part_sizes=''
  for number_here in $(seq_of_parts); do
    if [ "$number_here" -lt "$parts" ]; then
      part_sizes="$part_sizes $part_size"
    else
      part_sizes="$part_sizes $((bundle_size - part_size * (parts - 1)))"
    fi
  done
  note "$bundle lies in $parts parts, $(human $((bundle_size / 1024))) together"
  [ -z "$key" ] || note "with --key every byte is read before anything is imported: each part is asked for twice"
}

# The table of the bundle, where the parts that are there hold all of it. Sets head_end.
read_table() {
  [ -n "$part_sizes" ] || return 1
  parts_wanted=$parts parts=$((parts - 1))
  copy_bundle | head -c 67108864 | tar -xOf - nodeseed/bundle.json >"$work/table" 2>/dev/null || :
  parts=$parts_wanted
  case $(tail -c 4096 "$work/table" | tr -d ' \n' | tail -c 2) in
    ']}') ;;
    *)
      # What is no bundle would be waited for in vain.
      copy_bytes_of "$(part 1)" 0 512 | grep -aq '^oci-layout' || fail 2 "not a bundle of nodeseed, or damaged: $(part 1)"
      return 1
      ;;
  esac
  blobs_of_table >"$work/places"
  head_end=$(sed -n '1s/.* //p' "$work/places")
  [ -n "$head_end" ] || fail 2 "there is no blob in $bundle"
}

# DIGEST SIZE OFFSET of each blob.
blobs_of_table() {
  tr '{' '\n' <"$work/table" | sed -n 's/^"digest":"\(sha[0-9]*:[0-9a-f]*\)","size":\([0-9]*\),"offset":\([0-9]*\)}.*/\1 \2 \3/p'
}

# The last blob is the last file; after it come two blocks of zeros.
total_size() {
  tail -n 1 "$work/places" | {
    read -r _ last_size last_offset
    printf '%s' $((last_offset + last_size + $(padding_after $((last_offset + last_size))) + 1024))
  }
}

# What index_bundle writes, without a look at parts that are not there yet.
members_of_table() {
  while read -r digest size offset; do
    printf '%s %s %s\n' "$digest" $((offset / 512 - 1)) "$size"
  done <"$work/places"
}

# NUMBER: returns when that part is there, whole. Says once what is missing.
wait_for_part() {
  asked_for=''
  until is_part_whole "$1"; do
    [ -n "$asked_for" ] || note "$(missing_part "$1")"
    asked_for=yes
    sleep 1 &
    wait $!
  done
  [ -z "$asked_for" ] || note "part $1 is there: $(part "$1")"
}

missing_part() {
  whole=''
  [ -z "$head_end" ] || whole=" of $parts"
  found="is missing: bring the medium that holds it"
  [ ! -f "$(part "$1")" ] || found="has $(($(wc -c <"$(part "$1")"))) bytes and not $(size_of_part "$1"): is it copied to its end, and of this bundle?"
  printf 'waiting: part %s%s, %s, %s' "$1" "$whole" "$(part "$1")" "$found"
}

is_part_whole() {
  [ -f "$(part "$1")" ] && [ -r "$(part "$1")" ] || return 1
  expected_size=$(size_of_part "$1")
  [ -z "$expected_size" ] || [ "$expected_size" -eq "$(($(wc -c <"$(part "$1")")))" ]
}

# Nothing, as long as nobody knows.
size_of_part() {
  [ -n "$head_end" ] || return 0
  if [ "$1" -lt "$parts" ]; then printf '%s' "$part_size"; else printf '%s' $((bundle_size - part_size * (parts - 1))); fi
}
