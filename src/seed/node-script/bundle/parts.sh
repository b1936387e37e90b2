# ---- the bytes of the bundle, in one file or in parts

# Sets "bundle" to the file, or "parts" to how many files in a row make the bundle: FILE.part001, FILE.part002 ...
find_parts() {
  case $bundle in
    *.part[0-9][0-9][0-9]) bundle=${bundle%.part*} ;;
  esac
  parts=0
  if [ ! -f "$bundle" ]; then
    while [ -f "$(part $((parts + 1)))" ]; do parts=$((parts + 1)); done
    for file in "$bundle".part[0-9][0-9][0-9]; do
      case $file in
        *.part000) ;;
        *) [ ! -f "$file" ] || [ "${file##*.part}" -le "$parts" ] || fail 2 "no such part: $(part $((parts + 1))), but later parts are there" ;;
      esac
    done
    [ "$parts" -gt 0 ] || fail 2 "no such bundle: $bundle"
  fi
  part_sizes=''
  for file in $(seq_of_parts); do
    [ -r "$(part "$file")" ] || fail 2 "not readable: $(part "$file")"
    [ "$parts" = 0 ] || part_sizes="$part_sizes $(($(wc -c <"$(part "$file")")))"
  done
}

# The file of a part; of a bundle in one file, that file. It may lie in another directory that was named.
part() {
  if [ "$parts" = 0 ] && [ "$1" = 0 ]; then
    printf '%s' "$bundle"
    return
  fi
  suffix=$(printf '.part%03d' "$1")
  if [ -n "$media" ] && [ ! -f "$bundle$suffix" ]; then
    elsewhere=$(printf '%s' "$media" | while read -r directory; do
      [ ! -f "$directory/${bundle##*/}$suffix" ] || printf '%s\n' "$directory/${bundle##*/}$suffix"
    done | head -n 1)
    [ -z "$elsewhere" ] || {
      printf '%s' "$elsewhere"
      return
    }
  fi
  printf '%s%s' "$bundle" "$suffix"
}

seq_of_parts() {
  number=1
  [ "$parts" -gt 0 ] || echo 0
  while [ "$number" -le "$parts" ]; do
    echo "$number"
    number=$((number + 1))
  done
}

# The whole bundle to standard output.
copy_bundle() {
  for file in $(seq_of_parts); do
    [ -z "$wait_for_media" ] || wait_for_part "$file"
    cat -- "$(part "$file")"
  done
}

size_of_bundle() {
  bytes=0
  for size_here in ${part_sizes:-$(($(wc -c <"$bundle")))}; do bytes=$((bytes + size_here)); done
  printf '%s' "$bytes"
}

# tar can skip what it does not list in a file, and not in a pipe.
list_members() {
  if [ "$parts" = 0 ]; then tar -tvf "$bundle"; else copy_bundle | tar -tvf -; fi
}

# Bytes of the bundle to standard output: START and COUNT in bytes. A bundle may be cut anywhere.
copy_bytes() {
  if [ "$parts" = 0 ]; then
    copy_bytes_of "$bundle" "$1" "$2"
    return
  fi
  at=$1 rest_bytes=$2 number=0
  for size_here in $part_sizes; do
    number=$((number + 1))
    if [ "$at" -ge "$size_here" ]; then
      at=$((at - size_here))
      continue
    fi
    count=$((size_here - at))
    [ "$count" -le "$rest_bytes" ] || count=$rest_bytes
    [ -z "$wait_for_media" ] || wait_for_part "$number"
    copy_bytes_of "$(part "$number")" "$at" "$count" || return 1
    at=0 rest_bytes=$((rest_bytes - count))
    [ "$rest_bytes" -gt 0 ] || return 0
  done
}

copy_bytes_of() {
  if is_dd_exact; then
    dd if="$1" bs=1048576 iflag=skip_bytes,count_bytes skip="$2" count="$3" 2>/dev/null
  elif [ $(($2 % 512)) -eq 0 ]; then
    dd if="$1" bs=512 skip=$(($2 / 512)) count=$((($3 + 511) / 512)) 2>/dev/null | head -c "$3"
  else
    tail -c +$(($2 + 1)) -- "$1" | head -c "$3"
  fi </dev/null
}

# Whether this dd counts in bytes. Asked once, unless it is in a pipe, which forgets it.
is_dd_exact() {
  if [ -z "${dd_exact:-}" ]; then
    dd_exact=no
    ! dd if=/dev/null iflag=skip_bytes,count_bytes of=/dev/null 2>/dev/null || dd_exact=yes
  fi
  [ "$dd_exact" = yes ]
}
