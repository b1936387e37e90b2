# ---- every method: what is there, and what must come

# Writes $work/missing: rows of $work/wanted that are not there in full, under that name, with that digest.
find_missing() {
  # The first line keeps the file from being empty, which is no list of patterns to every grep.
  echo - >"$work/present"
  find_own_step present && "$step"
  grep -Fxv -f "$work/present" "$work/wanted" >"$work/missing" || :
}

# Compressed layers are kept and unpacked ones come beside them, usually two to three times as large.
check_space() {
  needed_bytes=0
  echo - >>"$work/lacking"
  while read -r digest size; do
    ! grep -Fxq -e "$digest" "$work/lacking" || needed_bytes=$((needed_bytes + size))
  done <"$work/blobs"
  [ -n "$space_check" ] && [ -d "$storage" ] || return 0
  factor=${unpack:+3}
  needed=$((needed_bytes * ${factor:-1} / 1024 + 1))
  left=$(df -Pk -- "$storage" | { read -r _ && read -r _ _ _ left _ && echo "$left"; }) || return 0
  [ "$left" -ge "$needed" ] ||
    fail 3 "too little space in $storage: $left KiB left, about $needed KiB needed; make room or use --no-space-check"
}

# A delta leaves out what the receiver has; a receiver that does not have it needs the base first.
check_left_out() {
  index_bundle
  while read -r digest _ _; do printf '%s\n' "$digest"; done <"$work/members" >"$work/held"
  echo - >>"$work/held"
  left_out=$(grep -Fxv -f "$work/held" "$work/lacking" | head -n 1)
  [ -z "$left_out" ] ||
    fail 2 "the bundle leaves out blobs that this node lacks, such as $left_out: it is a delta (seed its base first) or damaged"
}
