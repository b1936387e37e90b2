# ---- what the bundle holds

# Writes, for this platform: $work/wanted (NAME TARGET), $work/list (TARGET TYPE SIZE NAME), $work/blobs (DIGEST SIZE),
# $work/images (TARGET MANIFEST CONFIG LAYERS), $work/indexes (TARGET INDEX: an index inside it),
# $work/beside (TARGET DIGEST: what else of it an importer reads). Only characters that these can have get past this point.
read_names() {
  if [ -n "$names" ]; then
    [ -r "$names" ] || fail 2 "no such list of names: $names"
    cat -- "$names" >"$work/names"
  elif [ -e "$work/names-now" ]; then
    mv -f -- "$work/names-now" "$work/names"
  else
    read_member nodeseed/names.txt "$work/names"
  fi
  check_signature
  : >"$work/wanted"
  : >"$work/list"
  : >"$work/blobs"
  : >"$work/images"
  : >"$work/indexes"
  : >"$work/beside"
  foreign='' ended='' first=yes artifacts=0
  choose_variants
  while read -r kind a b c d e; do
    if [ -n "$first" ]; then
      [ "$kind $a" = 'nodeseed-names 1' ] || break
      set_digest=$b edition_set=$c edition_number=$d first=''
      continue
    fi
    case "$kind$a$b$c$d$e" in
      *[!][A-Za-z0-9._:/@+,-]*) fail 2 "the list of names holds a line that no image can have: $kind $a $b $c $d $e" ;;
    esac
    if is_chosen "$kind" "$a" "$b"; then
      [ "$a" = "$platform" ] || foreign=yes
      case $kind in
        name)
          printf '%s %s %s %s\n' "$b" "$c" "$d" "$e" >>"$work/list"
          printf '%s %s\n' "$e" "$b" >>"$work/wanted"
          ;;
        blob) printf '%s %s\n' "$b" "$c" >>"$work/blobs" ;;
        image) printf '%s %s %s %s\n' "$b" "$c" "$d" "$e" >>"$work/images" ;;
        index) printf '%s %s\n' "$b" "$c" >>"$work/indexes" ;;
        beside) printf '%s %s\n' "$b" "$c" >>"$work/beside" ;;
      esac
    else
      case $kind in
        name) foreign=yes ;;
        artifact) foreign=yes artifacts=$((artifacts + 1)) ;;
        end) ended=yes ;;
      esac
    fi
  done <"$work/names"
  wanted_count=$(($(wc -l <"$work/wanted")))
  [ "$artifacts" -eq 0 ] ||
    note "left to registries: $artifacts names of artifacts, from which no container starts"
  check_set
}

check_set() {
  case $ended$set_digest in
    '' | *[!a-z0-9]* | yes) fail 2 "not a bundle of nodeseed, or damaged: ${names:-$bundle}" ;;
  esac
  [ -n "$ended" ] || fail 2 "not a bundle of nodeseed, or damaged: ${names:-$bundle}"
  check_names
  check_owners
  [ -z "$expected_set" ] || [ "$expected_set" = "$set_digest" ] ||
    fail 2 "the bundle on this node holds set $set_digest, not $expected_set: $bundle"
  [ "$wanted_count" -gt 0 ] || grep -q '^name ' "$work/names" ||
    fail 2 "nothing for a node: the bundle holds only artifacts (charts, models, files), which registries hand out: ${bundle:-$names}"
  [ "$wanted_count" -gt 0 ] ||
    fail 2 "the bundle holds nothing for $platform, only for $(sed -n 's/^name \([^ ]*\) .*/\1/p' "$work/names" | sort -u | tr '\n' ' ' | sed 's/ $//'): ${bundle:-$names}"
}

# Writes $work/variants: TARGET PLATFORM for images that are held for a lower variant only, which runs here too: arm/v6 on
# arm/v7. The best comes first.
choose_variants() {
  : >"$work/variants"
  case $platform in
    linux/arm/v7) lower='linux/arm/v6 linux/arm/v5' ;;
    linux/arm/v6) lower=linux/arm/v5 ;;
    *) return 0 ;;
  esac
  for variant in "$platform" $lower; do
    sed -n "s|^image $variant \([^ ]*\) .*|\1|p" "$work/names" | while read -r target; do
      grep -q -e "^$target " "$work/variants" || printf '%s %s\n' "$target" "$variant" >>"$work/variants"
    done
  done
}

# KIND PLATFORM TARGET: whether a row is about what this node takes.
is_chosen() {
  if [ ! -s "$work/variants" ]; then
    [ "$2" = "$platform" ]
  elif [ "$1" = blob ]; then
    grep -q -e " $2\$" "$work/variants"
  else
    is_row "$3 $2" "$work/variants"
  fi
}

# The platform under which a target is held.
platform_of() {
  variant=$(sed -n "s|^$1 ||p" "$work/variants")
  printf '%s' "${variant:-$platform}"
}

# The digest of the set is that of the names which are there, not a word before them.
check_names() {
  if ! command -v sha256sum >/dev/null; then
    [ -z "$expected_set" ] || fail 3 "--expect-set needs sha256sum, and there is none on this node"
    return 0
  fi
  held_set=$(sed -n 's/^name [^ ]* \([^ ]*\) [^ ]* [^ ]* \([^ ]*\)$/\2 \1/p' "$work/names" | sort -u | sha256sum | head -c 16)
  [ "$held_set" = "$set_digest" ] ||
    fail 2 "the names in it are those of set $held_set, not of $set_digest: ${names:-$bundle}"
}

# A name stands for one image: which of two a node would get is left to the order in which they are imported.
check_owners() {
  owned='' owner=''
  sort -u "$work/wanted" >"$work/owners"
  while read -r name target; do
    [ "$name" != "$owned" ] ||
      fail 2 "$name stands for $owner and for $target: ${names:-$bundle}"
    owned=$name owner=$target
  done <"$work/owners"
}

# Writes $work/members: DIGEST BLOCK SIZE for each blob of the archive, in its order; blocks of 512 bytes.
index_bundle() {
  [ ! -s "$work/members" ] || return 0
  if [ -n "$head_end" ]; then
    members_of_table >"$work/members"
    return
  fi
  list_members >"$work/listing" 2>/dev/null || fail 2 "not a bundle of nodeseed, or damaged: $bundle"
  block=0
  while read -r _ _ size rest; do
    member=${rest##* }
    case $member in
      blobs/*/*)
        hex=${member##*/} algorithm=${member#blobs/}
        printf '%s:%s %s %s\n' "${algorithm%%/*}" "$hex" "$block" "$size"
        ;;
    esac
    block=$((block + 1 + (size + 511) / 512))
  done <"$work/listing" >"$work/members"
  check_members
}

# Headers that tar does not list would shift every place: the last member must be where the sum of all says.
check_members() {
  digest='' place=0
  while read -r digest place _; do :; done <"$work/members"
  found=$(copy_bytes $((place * 512)) 512 | tr '\000' '\n' | head -n 1)
  [ -z "$digest" ] || [ "${found##*/}" = "${digest#*:}" ] || fail 2 "this tar has headers that were not expected: $bundle"
}

# One blob into a file. Fails where the bundle leaves it out.
extract_blob() {
  row=$(grep -e "^$1 " "$work/members") || return 1
  place=${row#* }
  copy_bytes $(((${place%% *} + 1) * 512)) "${place##* }" >"$2"
}

# NAME without its tag or digest; a colon before the last slash is a port.
repository_of() {
  case $1 in
    *@*) printf '%s' "${1%%@*}" ;;
    *) printf '%s' "${1%:*}" ;;
  esac
}
