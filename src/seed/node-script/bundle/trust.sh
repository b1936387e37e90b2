# ---- who made the bundle, and whether it is the latest

# With --key: index.json is what the key signed, the table what index.json names, the list of names what the table names.
# By their content, so it does not matter what this node's tar makes of the file. Writes $work/table.
check_signature() {
  [ -n "$key" ] || return 0
  for tool in openssl sha256sum; do
    command -v "$tool" >/dev/null || fail 3 "--key needs $tool, and there is none on this node"
  done
  [ -r "$key" ] || fail 2 "no such key: $key"
  [ -r "${signature:=$bundle.sig}" ] || fail 2 "not signed: there is no $signature"
  read_member index.json "$work/index"
  read_member nodeseed/bundle.json "$work/table"
  openssl base64 -d -A -in "$signature" -out "$work/signature" 2>/dev/null || :
  openssl dgst -sha256 -verify "$key" -signature "$work/signature" "$work/index" >/dev/null 2>&1 ||
    fail 2 "$signature was not made for this bundle by the key $key"
  grep -Fq "\"dev.nodeseed.bundle-table\":\"$(sha256_of <"$work/table")\"" "$work/index" ||
    fail 2 "nodeseed/bundle.json is not what was signed: $bundle"
  [ -n "$names" ] ||
    grep -Fq "{\"name\":\"nodeseed/names.txt\",\"digest\":\"$(sha256_of <"$work/names")\"" "$work/table" ||
    fail 2 "nodeseed/names.txt is not what was signed: $bundle"
}

# A file that stands before every layer; a tar that ends early is no error here.
read_member() {
  if [ -n "$head_end" ]; then
    copy_bytes 0 $((head_end - 512)) | tar -xOf - "$1" >"$2" 2>/dev/null || :
    return
  fi
  copy_bundle 2>/dev/null | head -c 67108864 | tar -xOf - "$1" >"$2" 2>/dev/null || :
}

# The digest of standard input, by sha256 or the algorithm that is named.
sha256_of() {
  sum=$("${1:-sha256}sum")
  printf '%s:%s' "${1:-sha256}" "${sum%% *}"
}

# DIGEST: whether standard input is what it says. Without a program that can tell, it is taken, and that is said at the end.
is_digest() {
  if command -v "${1%%:*}sum" >/dev/null; then
    [ "$(sha256_of "${1%%:*}")" = "$1" ]
  else
    cat >/dev/null
    echo "${1%%:*}sum" >"$work/unchecked"
  fi
}

# With --key, before anything is imported: every byte of the bundle is what was signed. The table names the digest of each
# file, index.json that of the frame, which is every byte that is content of none. Every byte is read once, in order.
check_bytes() {
  [ -n "$key" ] || return 0
  note "checking every byte of $bundle"
  {
    printf '%s %s\n' "$(printf '{"imageLayoutVersion":"1.0.0"}\n' | sha256_of)" 31 "$(sha256_of <"$work/index")" "$(($(wc -c <"$work/index")))" \
      "$(sha256_of <"$work/table")" "$(($(wc -c <"$work/table")))"
    tr '{' '\n' <"$work/table" | sed -n 's/^"name":"[a-z0-9._/-]*","digest":"\(sha256:[0-9a-f]*\)","size":\([0-9]*\)}.*/\1 \2/p'
    tr '{' '\n' <"$work/table" | sed -n 's/^"digest":"\(sha[0-9]*:[0-9a-f]*\)","size":\([0-9]*\),"offset":[0-9]*}.*/\1 \2/p'
  } >"$work/contents"
  : >"$work/frame"
  content_end=0
  while read -r digest size; do
    piece=$(($(padding_after "$content_end") + 512))
    copy_unaligned "$content_end" "$piece" >>"$work/frame"
    content_start=$((content_end + piece)) content_end=$((content_end + piece + size))
    [ "$(copy_bytes "$content_start" "$size" | sha256_of "${digest%%:*}")" = "$digest" ] ||
      fail 2 "damaged: $digest in $bundle"
  done <"$work/contents"
  copy_unaligned "$content_end" "$(($(padding_after "$content_end") + 1024))" >>"$work/frame"
  grep -Fq "\"dev.nodeseed.bundle-frame\":\"$(sha256_of <"$work/frame")\"" "$work/index" ||
    fail 2 "this tar has headers that were not signed: $bundle"
  [ "$(size_of_bundle)" -eq "$((content_end + $(padding_after "$content_end") + 1024))" ] ||
    fail 2 "something stands behind the end of $bundle"
}

padding_after() {
  printf '%s' $(((512 - $1 % 512) % 512))
}

# Few bytes of the bundle to standard output: START, which may be inside a block, and COUNT.
copy_unaligned() {
  copy_bytes $(($1 / 512 * 512)) $((($1 % 512 + $2 + 511) / 512 * 512)) | tail -c +$(($1 % 512 + 1)) | head -c "$2"
}

# What this node holds of the set that the bundle is an edition of: in a file named after the set its number, then the
# digest of that edition. Bundles of several projects share the set that nobody named, so without a key its numbers refuse
# nothing there: what does not follow is said, and --prune takes nothing away, since that may be another project's.
check_edition() {
  edition_remark=''
  [ -n "$edition_number" ] || return 0
  editions=${editions:-${NODESEED_EDITIONS:-$root/var/lib/nodeseed/editions}}
  case $edition_set in
    '' | *[!a-z0-9-]*) fail 2 "not an edition of a set: $edition_set $edition_number" ;;
  esac
  is_edition_number "$edition_number" || fail 2 "not an edition of a set: $edition_set $edition_number"
  compare_edition
  [ -n "$edition_problem" ] || return 0
  if [ -n "$key$allow_older" ] || [ "$edition_set" != images ]; then
    [ -n "$allow_older" ] || fail 2 "$edition_problem: $edition_advice"
  else
    [ "$set_name" != images ] || unsure_edition=$edition_remark
    [ "$held" = "$edition_number" ] || keep_edition=yes
  fi
  note "$edition_remark"
}

# Sets edition_problem where the bundle must not take the place of what the node holds, with what to do and what to say.
compare_edition() {
  edition_problem='' unsure_edition=''
  edition_file=$editions/$edition_set
  [ -e "$edition_file" ] || return 0
  held=$(sed -n 1p "$edition_file" 2>/dev/null) || held=''
  held_digest=$(sed -n 2p "$edition_file" 2>/dev/null) || held_digest=''
  now="number $edition_number of the set $edition_set"
  edition_advice='take a newer bundle, or add --allow-older; bundles of another project need a --set-name of their own'
  if ! is_edition_number "$held"; then
    edition_problem="$edition_file holds no number, so nobody can tell whether $now is older than what this node holds"
    edition_advice='write the number there of what this node holds, or add --allow-older once'
    edition_remark=$edition_problem
  elif [ "$edition_number" -lt "$held" ]; then
    edition_problem="this node holds number $held of the set $edition_set, and number $edition_number is older"
    edition_remark="$now is older than number $held, which this node holds"
    [ "$edition_set" != images ] || edition_remark="$edition_remark; where these are two projects, give each a --set-name"
  elif [ "$edition_number" -eq "$held" ] && [ "${held_digest:-$set_digest}" != "$set_digest" ]; then
    edition_problem="this node holds another $now: the digest of its images is $held_digest, that of this bundle $set_digest"
    edition_remark="$edition_problem; where these are two projects, give each a --set-name, else the new one a higher --number"
  fi
}

# From 1 to what every shell can compare.
is_edition_number() {
  case $1 in
    '' | 0* | *[!0-9]*) return 1 ;;
  esac
  [ "${#1}" -le 16 ]
}

# Only once every image is there. A pod of a DaemonSet cannot write it: that one is told the digest of the set instead.
record_edition() {
  if [ -z "$edition_number" ] || [ -n "$check$keep_edition" ]; then return 0; fi
  edition_record=$(printf '%s\n%s' "$edition_number" "$set_digest")
  [ "$(cat -- "$edition_file" 2>/dev/null)" != "$edition_record" ] || return 0
  if mkdir -p -- "$editions" 2>/dev/null && printf '%s\n' "$edition_record" 2>/dev/null >"$edition_file.new"; then
    mv -f -- "$edition_file.new" "$edition_file"
  elif [ -z "$expected_set" ]; then
    note "cannot write $edition_file: an older $edition_set will not be noticed here"
  fi
}
