# ---- every method: what is there, and what must come

# Writes $work/missing: rows of $work/wanted that are not there in full, under that name, with that digest.
find_missing() {
  # The first line keeps the file from being empty, which is no list of patterns to every grep.
  echo - >"$work/present"
  find_own_step present && "$step"
  rows_without "$work/present" "$work/wanted" >"$work/missing"
  # A list that was cut off, because the disk is full, would say that nothing is missing.
  there=$(grep -Fxc -f "$work/present" "$work/wanted") || :
  [ $((there + $(wc -l <"$work/missing"))) -eq "$wanted_count" ] || fail 3 "cannot write below $TMPDIR: is it full?"
}

# PATTERNS ROWS: those rows of one file that the other does not hold, to standard output.
rows_without() {
  grep -Fxv -f "$1" "$2" || [ $? -eq 1 ] || fail 3 "cannot write below $TMPDIR: is it full?"
}

# Compressed layers are kept, and unpacked ones come beside them, usually twice as large. Both may have a disk of their own.
check_space() {
  echo - >>"$work/lacking"
  # One look for all: a program for each of hundreds of blobs would take seconds.
  needed_bytes=$(grep -F -f "$work/lacking" "$work/blobs" | {
    bytes=0
    while read -r _ size; do bytes=$((bytes + size)); done
    printf '%s' "$bytes"
  })
  [ -n "$space_check" ] || return 0
  content=$((needed_bytes / 1024 + 1)) unpacked=0
  [ -z "$unpack" ] || unpacked=$((2 * content))
  if [ -n "$snapshot_storage" ] && [ "$(disk_of "$snapshot_storage")" != "$(disk_of "$storage")" ]; then
    check_room "$storage" "$content" "the images"
    check_room "$snapshot_storage" "$unpacked" "their unpacked layers"
  else
    check_room "$storage" $((content + unpacked)) "the images and their unpacked layers"
  fi
}

disk_of() {
  df -Pk -- "$1" 2>/dev/null | { read -r _ && read -r disk _ && printf '%s' "$disk"; } || :
}

# DIRECTORY KIB WHAT; a directory that is not here says nothing.
check_room() {
  [ -d "$1" ] || return 0
  left=$(df -Pk -- "$1" | { read -r _ && read -r _ _ _ left _ && echo "$left"; }) || return 0
  [ "$left" -ge "$2" ] ||
    fail 3 "too little space in $1: $(human "$left") left, about $(human "$2") needed for $3; make room or use --no-space-check"
}

# A delta leaves out what the receiver has; a receiver that does not have it needs the base first.
check_left_out() {
  index_bundle
  while read -r digest _ _; do printf '%s\n' "$digest"; done <"$work/members" >"$work/held"
  echo - >>"$work/held"
  left_out=$(grep -Fxv -f "$work/held" "$work/lacking" | head -n 1)
  [ -n "$left_out" ] || return 0
  has_member nodeseed/patch- &&
    fail 2 "the bundle brings layers as patches, which no node applies: merge it with its base first, where nodeseed is: nodeseed merge BASE $bundle -o FILE$(carried_tool)"
  fail 2 "the bundle leaves out blobs that this node lacks, such as $left_out: it is a delta (seed its base first) or damaged"
}

# Whether the bundle has a file whose name begins so; index_bundle has listed them.
has_member() {
  cat "$work/listing" "$work/table" 2>/dev/null | grep -Fq "$1"
}

# How to get at the program that a bundle carries for this processor, where it does.
carried_tool() {
  has_member "nodeseed/tool-$(uname -m).gz" || return 0
  printf ' (it carries nodeseed: tar -xOf %s nodeseed/tool-%s.gz | gzip -d >nodeseed; chmod +x nodeseed)' "$bundle" "$(uname -m)"
}
