#!/bin/sh
# nodeseed: brings the images of a bundle into this node's container runtime, keeps them from garbage collection, and
# says in one line of JSON what it did. Needs nothing but POSIX sh, tar, grep, sed, head, dd, df and the runtime's tools.
#
#   sh seed.sh BUNDLE.tar
#   tar -xOf BUNDLE.tar nodeseed/seed.sh | sh -s -- BUNDLE.tar
#
# Exit codes: 0 every image is there, 2 wrong call or bundle, 3 the node (no runtime, no space, import failed),
# 4 images are missing.
set -eu
LC_ALL=C
export LC_ALL

usage() {
  cat <<'USAGE'
usage: seed.sh [OPTION]... BUNDLE
       seed.sh [OPTION]... --names FILE --from-registry URL

What is to happen
  --check               change nothing; exit 4 when an image is missing or not pinned
  --watch SECONDS       do not end: look again at this interval and repair what is missing
  --prune               let go what an earlier set of the same name brought and no set needs any more
  --no-pin              leave the images to the kubelet's garbage collection
  --no-unpack           do not unpack layers now; the first container of each image does
  --no-space-check      import even when the space looks too small
Which images
  --names FILE          the list of names (nodeseed/names.txt), when it is not all that the bundle holds
  --set DIGEST          refuse a bundle that holds another set of images
  --set-name NAME       the name under which this set is kept apart from others (default: images)
  --platform PLATFORM   such as linux/arm64 (default: this machine's)
  --from-registry URL   pull from a registry that holds the images, layer by layer, instead of reading a bundle
How
  --method METHOD       ctr        import into containerd (default where containerd is)
                        directory  into the image directory of k3s, RKE2 or k0s, which import it at every start
                        skopeo     into containers-storage, for CRI-O (default where CRI-O is)
                        docker     docker load (default where only docker is)
                        talos      write an image cache for Talos below --root
                        bake       import into the containerd of a machine image below --root
  --address SOCKET      the socket of containerd (default: CONTAINERD_ADDRESS, or found)
  --ctr PROGRAM         the ctr to use (default: found); for docker: the docker
  --namespace NAME      containerd namespace (default: k8s.io)
  --storage DIR         where the runtime keeps images, to see the space left (default: found)
  --store SPEC          containers-storage as skopeo writes it, such as overlay@/var/lib/containers/storage
  --root DIR            look for everything below this directory (default: /)
What it says
  --report FILE         write the JSON line to this file too, at most 4096 bytes
  --ready FILE          a file that exists as long as every image is there
  --feature KEY=VALUE   publish this through Node Feature Discovery as long as every image is there; may be repeated
USAGE
}

# ---- what was asked for -------------------------------------------------------------------------------------------

check='' watch='' prune='' pin=yes unpack=yes space_check=yes
names='' expected_set='' set_name=images platform='' registry='' bundle=''
method='' address='' ctr='' namespace=k8s.io storage='' store='' root=''
report='' ready='' features=''

parse_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --check) check=yes ;;
      --prune) prune=yes ;;
      --no-pin) pin='' ;;
      --no-unpack) unpack='' ;;
      --no-space-check) space_check='' ;;
      --help) usage && exit 0 ;;
      --) shift && break ;;
      --*)
        [ $# -gt 1 ] || fail 2 "$1 needs a value, or is no option"
        set_option "$1" "$2"
        shift
        ;;
      -*) fail 2 "unknown option: $1" ;;
      *) break ;;
    esac
    shift
  done
  case $set_name in
    '' | *[!a-z0-9-]*) fail 2 "not a name for a set: $set_name" ;;
  esac
  if [ -n "$registry" ]; then
    [ "$#$names" != 0 ] || fail 2 "--from-registry needs --names"
    [ $# -eq 0 ] || fail 2 "--from-registry takes no bundle"
    return 0
  fi
  [ $# -eq 1 ] || fail 2 "name one bundle: seed.sh [OPTION]... BUNDLE"
  # A colon before the first slash would be a host name to tar, a dash an option to ctr.
  case $1 in
    /*) bundle=$1 ;;
    *) bundle=./$1 ;;
  esac
  [ -f "$bundle" ] || fail 2 "no such bundle: $1"
  [ -r "$bundle" ] || fail 2 "not readable: $1"
}

set_option() {
  case $1 in
    --watch) watch=$2 ;;
    --names) names=$2 ;;
    --set) expected_set=$2 ;;
    --set-name) set_name=$2 ;;
    --platform) platform=$2 ;;
    --from-registry) registry=$2 ;;
    --method) method=$2 ;;
    --address) address=$2 ;;
    --ctr) ctr=$2 ;;
    --namespace) namespace=$2 ;;
    --storage) storage=$2 ;;
    --store) store=$2 ;;
    --root) root=${2%/} ;;
    --report) report=$2 ;;
    --ready) ready=$2 ;;
    --feature) features="$features$2 " ;;
    *) fail 2 "unknown option: $1" ;;
  esac
}

# ---- what is said -------------------------------------------------------------------------------------------------

work='' runtime='' set_digest='' imported=0 pinned=0 pruned=0 wanted_count=0

# Prints the JSON line, and writes it where --report says. The list of missing names is cut so that 4096 bytes hold it.
say() {
  result=$1 message=$2 missing_file=${3:-}
  missing_count=0 list=''
  if [ -n "$missing_file" ]; then
    while read -r name _; do
      missing_count=$((missing_count + 1))
      [ "$((${#list} + ${#name}))" -gt 2400 ] || list="$list${list:+,}\"$name\""
    done <"$missing_file"
  fi
  line="{\"nodeseed\":1,\"node\":\"$(json "${NODE_NAME:-$(uname -n)}")\",\"runtime\":\"$runtime\",\"method\":\"$(json "$method")\""
  line="$line,\"platform\":\"$(json "$platform")\",\"set\":\"$set_digest\",\"result\":\"$result\",\"names\":$wanted_count"
  line="$line,\"imported\":$imported,\"pinned\":$pinned,\"pruned\":$pruned"
  line="$line,\"missingCount\":$missing_count,\"missing\":[$list],\"message\":\"$(json "$message")\"}"
  printf '%s\n' "$line"
  [ -z "$report" ] || printf '%s\n' "$line" >"$report"
}

# The text as the inside of a JSON string: at most 400 bytes, nothing outside printable ASCII.
json() {
  printf '%s' "$1" | tr '\n\t' '  ' | tr -cd '\040-\176' | head -c 400 | sed 's/[\\"]/\\&/g'
}

fail() {
  printf 'seed.sh: %s\n' "$2" >&2
  [ -z "$ready" ] || rm -f -- "$ready"
  say failed "$2"
  exit "$1"
}

note() {
  printf 'seed.sh: %s\n' "$1" >&2
}

# ---- this machine -------------------------------------------------------------------------------------------------

detect_platform() {
  [ -z "$platform" ] || return 0
  case $(uname -m) in
    x86_64) platform=linux/amd64 ;;
    aarch64 | arm64) platform=linux/arm64 ;;
    armv6*) platform=linux/arm/v6 ;;
    armv7* | armv8l) platform=linux/arm/v7 ;;
    i?86) platform=linux/386 ;;
    loongarch64) platform=linux/loong64 ;;
    *) platform=linux/$(uname -m) ;;
  esac
}

# What is here, in the order in which it is looked for; sets runtime, method and what the method needs. A row names the
# socket, the directory of images, the image directory that is read at start (or -), then what may be its ctr.
detect_runtime() {
  address=${address:-${CONTAINERD_ADDRESS:-}}
  case $method in
    talos) runtime=talos && return ;;
    bake) runtime=containerd && return ;;
    '' | ctr | directory | skopeo | docker) ;;
    *) fail 2 "no such method: $method" ;;
  esac
  for_containerd k3s /run/k3s/containerd/containerd.sock /var/lib/rancher/k3s/agent/containerd \
    /var/lib/rancher/k3s/agent/images /usr/local/bin/k3s /opt/bin/k3s /usr/bin/k3s && return
  for_containerd rke2 /run/k3s/containerd/containerd.sock /var/lib/rancher/rke2/agent/containerd \
    /var/lib/rancher/rke2/agent/images /var/lib/rancher/rke2/bin/ctr && return
  for_containerd k0s /run/k0s/containerd.sock /var/lib/k0s/containerd \
    /var/lib/k0s/images /usr/local/bin/k0s /usr/bin/k0s && return
  for_containerd microk8s /var/snap/microk8s/common/run/containerd.sock /var/snap/microk8s/common/var/lib/containerd \
    - /snap/microk8s/current/bin/ctr && return
  for_containerd containerd /run/containerd/containerd.sock /var/lib/containerd \
    - "$(command -v ctr || :)" /usr/local/bin/ctr /usr/bin/ctr /opt/bin/ctr && return
  for_skopeo && return
  for_docker && return
  fail 3 "no runtime found that ${method:-any method} can seed: name it with --method, --address and --ctr"
}

for_containerd() {
  row=$1 row_socket=${address:-$root$2} row_storage=$root$3 row_directory=$root$4
  shift 4
  case $method in
    directory)
      [ "$row_directory" != "$root-" ] && [ -d "${row_directory%/*}" ] || return 1
      runtime=$row image_directory=$row_directory storage=${storage:-${row_directory%/*}}
      return 0
      ;;
    '' | ctr) ;;
    *) return 1 ;;
  esac
  [ -S "$row_socket" ] || return 1
  [ -z "$ctr" ] || set -- "$ctr"
  for program in "$@"; do
    case $program in
      "$ctr" | '') ;;
      *) program=$root$program ;;
    esac
    if [ -n "$program" ] && [ -x "$program" ]; then
      runtime=$row method=ctr address=$row_socket ctr=$program storage=${storage:-$row_storage}
      return 0
    fi
  done
  return 1
}

for_skopeo() {
  case $method in
    skopeo) ;;
    '') [ -S "$root/run/crio/crio.sock" ] || [ -S "$root/var/run/crio/crio.sock" ] || return 1 ;;
    *) return 1 ;;
  esac
  command -v skopeo >/dev/null || fail 3 "CRI-O takes images through skopeo, and skopeo is not here"
  runtime=cri-o method=skopeo storage=${storage:-$root/var/lib/containers}
  store=${store:+[$store]}
}

for_docker() {
  case $method in
    docker | '') ctr=${ctr:-$(command -v docker || :)} ;;
    *) return 1 ;;
  esac
  [ -n "$ctr" ] || return 1
  runtime=docker method=docker storage=${storage:-$root/var/lib/docker}
}

# k3s and k0s are one program that holds ctr.
run_ctr() {
  case ${ctr##*/} in
    k3s | k0s) "$ctr" ctr -a "$address" -n "$namespace" "$@" ;;
    *) "$ctr" -a "$address" -n "$namespace" "$@" ;;
  esac
}

# ---- what the bundle holds ----------------------------------------------------------------------------------------

# Writes, for this platform: $work/wanted (NAME TARGET), $work/list (TARGET TYPE SIZE NAME), $work/blobs (DIGEST SIZE),
# $work/images (TARGET MANIFEST CONFIG LAYERS). Only characters that these can have get past this point.
read_names() {
  if [ -n "$names" ]; then
    [ -r "$names" ] || fail 2 "no such list of names: $names"
    cat -- "$names" >"$work/names"
  else
    # The list stands before every layer; a tar that ends early is no error here, a list that does is.
    head -c 67108864 -- "$bundle" | tar -xOf - nodeseed/names.txt >"$work/names" 2>/dev/null || :
  fi
  : >"$work/wanted"
  : >"$work/list"
  : >"$work/blobs"
  : >"$work/images"
  foreign='' ended='' first=yes
  while read -r kind a b c d e; do
    if [ -n "$first" ]; then
      [ "$kind $a" = 'nodeseed-names 1' ] || break
      set_digest=$b first=''
      continue
    fi
    case "$kind$a$b$c$d$e" in
      *[!][A-Za-z0-9._:/@+,-]*) fail 2 "the list of names holds a line that no image can have: $kind $a $b $c $d $e" ;;
    esac
    if [ "$a" = "$platform" ]; then
      case $kind in
        name)
          printf '%s %s %s %s\n' "$b" "$c" "$d" "$e" >>"$work/list"
          printf '%s %s\n' "$e" "$b" >>"$work/wanted"
          ;;
        blob) printf '%s %s\n' "$b" "$c" >>"$work/blobs" ;;
        image) printf '%s %s %s %s\n' "$b" "$c" "$d" "$e" >>"$work/images" ;;
      esac
    else
      case $kind in
        name) foreign=yes ;;
        end) ended=yes ;;
      esac
    fi
  done <"$work/names"
  wanted_count=$(($(wc -l <"$work/wanted")))
  check_set
}

check_set() {
  case $ended$set_digest in
    '' | *[!a-z0-9]* | yes) fail 2 "not a bundle of nodeseed, or damaged: ${names:-$bundle}" ;;
  esac
  [ -n "$ended" ] || fail 2 "not a bundle of nodeseed, or damaged: ${names:-$bundle}"
  [ -z "$expected_set" ] || [ "$expected_set" = "$set_digest" ] ||
    fail 2 "the bundle on this node holds set $set_digest, not $expected_set: $bundle"
  [ "$wanted_count" -gt 0 ] || fail 2 "the bundle holds nothing for $platform: $bundle"
}

# Writes $work/members: DIGEST BLOCK SIZE for each blob of the archive, in its order; blocks of 512 bytes.
index_bundle() {
  [ ! -s "$work/members" ] || return 0
  tar -tvf "$bundle" >"$work/listing" 2>/dev/null || fail 2 "not a bundle of nodeseed, or damaged: $bundle"
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
  found=$(dd if="$bundle" bs=512 skip="$place" count=1 2>/dev/null | tr '\000' '\n' | head -n 1)
  [ -z "$digest" ] || [ "${found##*/}" = "${digest#*:}" ] || fail 2 "this tar has headers that were not expected: $bundle"
}

# Bytes of the bundle to standard output: START and COUNT in bytes, START in whole blocks.
copy_bytes() {
  if dd if=/dev/null iflag=skip_bytes,count_bytes of=/dev/null 2>/dev/null; then
    dd if="$bundle" bs=1048576 iflag=skip_bytes,count_bytes skip="$1" count="$2" 2>/dev/null
  else
    dd if="$bundle" bs=512 skip=$(($1 / 512)) count=$((($2 + 511) / 512)) 2>/dev/null | head -c "$2"
  fi </dev/null
}

# One blob into a file. Fails where the bundle leaves it out.
extract_blob() {
  row=$(grep -e "^$1 " "$work/members") || return 1
  place=${row#* }
  copy_bytes $(((${place%% *} + 1) * 512)) "${place##* }" >"$2"
}

# ---- archives made from the bundle --------------------------------------------------------------------------------

# An archive of the blobs in $work/lacking and an index of this platform's names, to standard output: an OCI layout that
# is a docker archive too. Blobs are copied in runs: a header block and its content in whole blocks, member by member.
compose_archive() {
  mkdir -p "$work/layout"
  printf '{"imageLayoutVersion":"1.0.0"}' >"$work/layout/oci-layout"
  write_index >"$work/layout/index.json"
  write_docker_manifest >"$work/layout/manifest.json"
  run_start=0 run_end=0
  while read -r digest block size; do
    grep -Fxq -e "$digest" "$work/lacking" || continue
    if [ "$block" -ne "$run_end" ]; then
      [ "$run_end" -eq "$run_start" ] || copy_bytes $((run_start * 512)) $(((run_end - run_start) * 512))
      run_start=$block
    fi
    run_end=$((block + 1 + (size + 511) / 512))
  done <"$work/members"
  [ "$run_end" -eq "$run_start" ] || copy_bytes $((run_start * 512)) $(((run_end - run_start) * 512))
  tar -cf - -C "$work/layout" oci-layout index.json manifest.json
}

# Every value here has passed read_names: no quote and no backslash is among them.
write_index() {
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":['
  comma=''
  while read -r target type size name; do
    printf '%s{"mediaType":"%s","digest":"%s","size":%s,"annotations":{"io.containerd.image.name":"%s","org.opencontainers.image.ref.name":"%s"}}' \
      "$comma" "$type" "$target" "$size" "$name" "$name"
    comma=,
  done <"$work/list"
  printf ']}'
}

write_docker_manifest() {
  printf '['
  comma=''
  while read -r target manifest config layers; do
    printf '%s{"Config":"%s","RepoTags":[%s],"Layers":[%s]}' \
      "$comma" "$(blob_path "$config")" "$(tags_of "$target")" "$(blob_paths "$layers")"
    comma=,
  done <"$work/images"
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

# ---- every method: what is there, and what must come --------------------------------------------------------------

# Writes $work/missing: rows of $work/wanted that are not there in full, under that name, with that digest.
find_missing() {
  # The first line keeps the file from being empty, which is no list of patterns to every grep.
  echo - >"$work/present"
  case $method in
    ctr) present_in_ctr ;;
    directory) present_in_directory ;;
    skopeo) present_in_skopeo ;;
    docker) present_in_docker ;;
    talos) present_in_talos ;;
  esac
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

# ---- method ctr ---------------------------------------------------------------------------------------------------

present_in_ctr() {
  run_ctr images check 2>/dev/null >"$work/check" || fail 3 "$ctr cannot list the images of $address"
  while read -r name _ digest state _; do
    [ "$state" != complete ] || printf '%s %s\n' "$name" "$digest"
  done <"$work/check" >>"$work/present"
}

seed_by_ctr() {
  run_ctr content ls -q >"$work/content" 2>/dev/null || fail 3 "$ctr cannot list the content of $address"
  echo - >>"$work/content"
  while read -r digest _; do
    printf '%s\n' "$digest"
  done <"$work/blobs" | grep -Fxv -f "$work/content" >"$work/lacking" || :
  everything=''
  [ "$(wc -l <"$work/lacking")" -lt "$(wc -l <"$work/blobs")" ] || everything=yes
  if [ -n "$registry" ]; then
    check_space
    pull_images
    return
  fi
  check_left_out
  check_space
  note "importing $(wc -l <"$work/missing") of $wanted_count names, $needed_bytes bytes to bring in"
  if [ -n "$everything" ] && [ -z "$foreign" ] && [ -z "$names" ]; then
    import_archive "$bundle"
  else
    # Only this platform's names, and only blobs that are not there yet.
    compose_archive | import_archive -
  fi
  find_missing
  [ -s "$work/missing" ] || return 0
  # A blob that was there may have been garbage; bring in everything once.
  note "not complete yet; importing everything"
  all_blobs_lack
  check_left_out
  compose_archive | import_archive -
}

# The exit code of old versions says little; what counts is what is there afterwards.
import_archive() {
  if [ -n "$unpack" ]; then
    run_ctr images import --platform "$platform" "$1" >&2 || note "$ctr images import ended with an error"
  else
    run_ctr images import --platform "$platform" --no-unpack "$1" >&2 || note "$ctr images import ended with an error"
  fi
}

# By digest, so that a tag that has moved in the registry cannot bring in something else; tags are set here.
pull_images() {
  case $registry in
    *[!A-Za-z0-9._:/@%[-]*) fail 2 "not the address of a registry: $registry" ;;
    http://* | https://*) ;;
    *) fail 2 "write the address of the registry with http:// or https://: $registry" ;;
  esac
  mkdir -p "$work/hosts/_default"
  printf 'server = "%s"\n[host."%s"]\n  capabilities = ["pull", "resolve"]\n' "$registry" "$registry" \
    >"$work/hosts/_default/hosts.toml"
  note "pulling $(wc -l <"$work/missing") of $wanted_count names, $needed_bytes bytes, from $registry"
  while read -r name target; do
    pinned_name=$(repository_of "$name")@$target
    run_ctr images pull --hosts-dir "$work/hosts" --platform "$platform" "$pinned_name" >&2 </dev/null ||
      note "cannot pull $pinned_name from $registry"
    [ "$pinned_name" = "$name" ] || run_ctr images tag --force "$pinned_name" "$name" >&2 </dev/null || :
  done <"$work/missing"
}

# NAME without its tag or digest; a colon before the last slash is a port.
repository_of() {
  case $1 in
    *@*) printf '%s' "${1%%@*}" ;;
    *) printf '%s' "${1%:*}" ;;
  esac
}

# A name is kept when the kubelet's garbage collection spares it and it says which set wants it.
kept_in_ctr() {
  run_ctr images ls 2>/dev/null >"$work/ls" || fail 3 "$ctr cannot list the images of $address"
  while read -r name _ digest rest; do
    labels=,${rest##* },
    case $labels in
      *",io.cri-containerd.pinned=pinned,"*) ;;
      *) continue ;;
    esac
    case $labels in
      *",nodeseed.dev/$set_name=$set_digest,"*) printf '%s %s\n' "$name" "$digest" ;;
    esac
  done <"$work/ls" >>"$work/kept"
}

keep_by_ctr() {
  while read -r name _; do
    run_ctr images label "$name" io.cri-containerd.pinned=pinned "nodeseed.dev/$set_name=$set_digest" >/dev/null </dev/null ||
      note "cannot pin $name"
    pinned=$((pinned + 1))
  done <"$work/unkept"
}

# Lets go the names that carry this set's label and are not wanted any more. Those that another set wants too stay, and
# so do those that a container runs: they only lose the label and, the latter, the pin.
prune_by_ctr() {
  run_ctr images ls >"$work/ls" 2>/dev/null
  while read -r name _; do printf '%s\n' "$name"; done <"$work/wanted" >"$work/wanted-names"
  find_used
  : >"$work/dropped"
  while read -r name _ digest rest; do
    labels=,${rest##* },
    case $labels in
      *",nodeseed.dev/$set_name="*) ! grep -Fxq -e "$name" "$work/wanted-names" || continue ;;
      *) continue ;;
    esac
    pruned=$((pruned + 1))
    others=$(printf '%s' "$labels" | tr ',' '\n' | grep -e '^nodeseed\.dev/' | grep -vc -e "^nodeseed\.dev/$set_name=") || :
    if [ "$others" -gt 0 ]; then
      run_ctr images label "$name" "nodeseed.dev/$set_name=" >/dev/null
    elif grep -Fxq -e "$digest" "$work/used"; then
      note "kept, because a container runs it: $name"
      run_ctr images label "$name" io.cri-containerd.pinned= "nodeseed.dev/$set_name=" >/dev/null
    else
      run_ctr images rm "$name" >/dev/null
      printf '%s\n' "$digest" >>"$work/dropped"
    fi </dev/null
  done <"$work/ls"
  drop_id_records
}

# Writes $work/used: targets of images that containers were made from.
find_used() {
  run_ctr containers ls >"$work/containers" 2>/dev/null
  echo - >"$work/used-names"
  while read -r _ image _; do printf '%s\n' "$image"; done <"$work/containers" >>"$work/used-names"
  while read -r name _ digest _; do
    ! grep -Fxq -e "$name" "$work/used-names" || printf '%s\n' "$digest"
  done <"$work/ls" >"$work/used"
}

# The runtime made a record of each image under its config's digest; without a name beside it, it only takes space.
drop_id_records() {
  [ -s "$work/dropped" ] || return 0
  run_ctr images ls >"$work/ls" 2>/dev/null
  while read -r name _ digest _; do
    case $name in
      sha256:*) ;;
      *) printf '%s\n' "$digest" ;;
    esac
  done <"$work/ls" >"$work/named"
  while read -r name _ digest _; do
    case $name in
      sha256:*) ;;
      *) continue ;;
    esac
    if grep -Fxq -e "$digest" "$work/dropped" && ! grep -Fxq -e "$digest" "$work/named"; then
      run_ctr images rm "$name" >/dev/null </dev/null
    fi
  done <"$work/ls"
}

# ---- method directory ---------------------------------------------------------------------------------------------

# k3s, RKE2 and k0s import every archive of their image directory at start, and new ones soon, and pin what they hold.
present_in_directory() {
  [ ! -f "$image_directory/$(archive_name)" ] || cat "$work/wanted" >>"$work/present"
}

archive_name() {
  printf 'nodeseed-%s-%s.tar' "$set_name" "$set_digest"
}

# k0s reads every file of the directory as an archive, so the temporary one lies beside the directory.
seed_by_directory() {
  all_blobs_lack
  check_left_out
  check_space
  mkdir -p -- "$image_directory"
  temporary=${image_directory%/*}/.nodeseed-$set_name.partial
  compose_archive >"$temporary"
  mv -f -- "$temporary" "$image_directory/$(archive_name)"
}

prune_by_directory() {
  for archive in "$image_directory/nodeseed-$set_name-"*.tar; do
    case $archive in
      */"$(archive_name)") ;;
      *)
        [ -f "$archive" ] || continue
        rm -f -- "$archive"
        pruned=$((pruned + 1))
        ;;
    esac
  done
}

# ---- method skopeo ------------------------------------------------------------------------------------------------

storage_name() {
  printf 'containers-storage:%s%s' "$store" "$1"
}

# A digest is found when the repository owns it; a tag when it leads to this platform's manifest of the target.
present_in_skopeo() {
  while read -r name target; do
    case $name in
      *@*) wanted_manifest=$target ;;
      *) wanted_manifest=$(manifest_of "$target") ;;
    esac
    skopeo inspect --raw "$(storage_name "$name")" >"$work/raw" 2>/dev/null </dev/null || continue
    found=$(sha256sum <"$work/raw")
    [ "sha256:${found%% *}" != "$wanted_manifest" ] || printf '%s %s\n' "$name" "$target"
  done <"$work/wanted" >>"$work/present"
}

manifest_of() {
  while read -r target manifest _; do
    [ "$target" != "$1" ] || printf '%s' "$manifest"
  done <"$work/images"
}

# Image by image, so that the space for one is enough.
seed_by_skopeo() {
  all_blobs_lack
  check_left_out
  check_space
  while read -r name target; do
    row=$(grep -e "^$target " "$work/images") || continue
    rm -rf "$work/image"
    mkdir "$work/image"
    write_directory_image "$row" "$work/image" || note "cannot unpack $name"
    skopeo --insecure-policy copy --quiet "dir:$work/image" "$(storage_name "$name")" >&2 </dev/null ||
      note "cannot store $name"
  done <"$work/missing"
  rm -rf "$work/image"
}

# The form that skopeo calls dir: the only one that takes docker's manifests and odd names into containers-storage.
write_directory_image() {
  printf 'Directory Transport Version: 1.1\n' >"$2/version"
  # shellcheck disable=SC2086 # the row is cut at its spaces; none of its characters means anything to a shell
  set -- "$2" $1
  directory=$1 target=$2 manifest=$3 config=$4 layers=${5:-}
  extract_blob "$target" "$directory/manifest.json" || return 1
  [ "$target" = "$manifest" ] || extract_blob "$manifest" "$directory/${manifest#*:}.manifest.json" || return 1
  rest=$config,${layers:+$layers,}
  while [ -n "$rest" ]; do
    blob=${rest%%,*} rest=${rest#*,}
    extract_blob "$blob" "$directory/${blob#*:}" || return 1
  done
}

CRIO_DROP_IN=/etc/crio/crio.conf.d/50-nodeseed.conf

crio_drop_in() {
  printf '# Written by nodeseed: the kubelet does not collect these.\n[crio.image]\npinned_images = [\n'
  while read -r name _; do printf '  "%s",\n' "$name"; done <"$work/wanted"
  printf ']\n'
}

kept_in_skopeo() {
  crio_drop_in >"$work/drop-in"
  ! cmp -s "$work/drop-in" "$root$CRIO_DROP_IN" || cat "$work/wanted" >>"$work/kept"
}

keep_by_skopeo() {
  mkdir -p -- "$root${CRIO_DROP_IN%/*}"
  crio_drop_in >"$root$CRIO_DROP_IN.partial"
  mv -f -- "$root$CRIO_DROP_IN.partial" "$root$CRIO_DROP_IN"
  pinned=$((pinned + $(wc -l <"$work/unkept")))
  [ -n "$root" ] || systemctl reload crio >&2 || note "reload CRI-O for the pins to count: systemctl reload crio"
}

# ---- method docker ------------------------------------------------------------------------------------------------

# docker identifies an image by its config, or by its target where containerd keeps the images. The classic store knows
# no digest of a registry: a digest name counts as there when a tag of the same target is.
present_in_docker() {
  while read -r name target; do
    row=$(grep -e "^$target " "$work/images") || continue
    id=$("$ctr" image inspect --format '{{.Id}}' "$name" 2>/dev/null </dev/null) || id=$(inspect_tag_instead "$name" "$target")
    case "$row" in
      *"${id#sha256:}"*) [ -z "$id" ] || printf '%s %s\n' "$name" "$target" ;;
    esac
  done <"$work/wanted" >>"$work/present"
}

inspect_tag_instead() {
  case $1 in
    *@*) ;;
    *) return 0 ;;
  esac
  tags=$(tags_of "$2")
  tag=${tags%%,*}
  [ -n "$tag" ] || return 0
  note "only by its tag, not by its digest: $1"
  "$ctr" image inspect --format '{{.Id}}' "$(printf '%s' "$tag" | tr -d '"')" 2>/dev/null </dev/null || :
}

seed_by_docker() {
  all_blobs_lack
  check_left_out
  check_space
  compose_archive | "$ctr" load >&2 || note "$ctr load ended with an error"
}

# ---- methods for machines that are not running --------------------------------------------------------------------

# The flat layout of Talos's image cache: manifests by registry, repository, tag and digest; blobs by digest.
present_in_talos() {
  while read -r name target; do
    [ ! -f "$(talos_path "$name")" ] || printf '%s %s\n' "$name" "$target"
  done <"$work/wanted" >>"$work/present"
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
  printf '%s/manifests/%s/%s/%s' "$root" "$registry_part" "${repository#*/}" "$place"
}

seed_by_talos() {
  [ -n "$root" ] || fail 2 "talos needs --root: the directory that becomes the image cache"
  all_blobs_lack
  check_left_out
  mkdir -p -- "$root/blob"
  while read -r target manifest config layers; do
    rest=$config,${layers:+$layers,}
    while [ -n "$rest" ]; do
      blob=${rest%%,*} rest=${rest#*,}
      [ -f "$root/blob/${blob%%:*}-${blob#*:}" ] || extract_into "$blob" "$root/blob/${blob%%:*}-${blob#*:}"
    done
    while read -r name named_target; do
      [ "$named_target" = "$target" ] || continue
      extract_into "$target" "$(talos_path "$name")"
      extract_into "$manifest" "$(talos_path "$(repository_of "$name")@$manifest")"
    done <"$work/wanted"
  done <"$work/images"
}

extract_into() {
  mkdir -p -- "${2%/*}"
  extract_blob "$1" "$2.partial" && mv -f -- "$2.partial" "$2"
}

# A containerd of our own over the image's directory, ended when the script ends.
start_containerd() {
  [ -n "$root" ] || fail 2 "bake needs --root: the directory of the machine image"
  ctr=${ctr:-$(command -v ctr || :)}
  [ -x "$ctr" ] || fail 3 "bake needs ctr on this machine"
  command -v containerd >/dev/null || fail 3 "bake needs containerd on this machine"
  address=$work/containerd.sock storage=${storage:-$root/var/lib/containerd}
  mkdir -p -- "$storage"
  printf 'version = 2\nroot = "%s"\nstate = "%s"\ndisabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]\n[grpc]\n  address = "%s"\n' \
    "$storage" "$work/state" "$address" >"$work/config.toml"
  containerd --config "$work/config.toml" >"$work/containerd.log" 2>&1 &
  containerd_pid=$!
  tries=0
  until run_ctr version >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || fail 3 "containerd does not start: $(tail -n 1 "$work/containerd.log")"
    sleep 0.1 2>/dev/null || sleep 1
  done
  method=ctr
}

# ---- the run ------------------------------------------------------------------------------------------------------

find_unkept() {
  : >"$work/unkept"
  echo - >"$work/kept"
  case $pin/$method in
    yes/ctr) kept_in_ctr ;;
    yes/skopeo) kept_in_skopeo ;;
    *) return 0 ;;
  esac
  grep -Fxv -f "$work/kept" "$work/wanted" >"$work/unkept" || :
}

# Leaves the exit code in `code`.
run_once() {
  imported=0 pinned=0 pruned=0 result=unchanged code=0
  : >"$work/members"
  read_names
  find_missing
  if [ -s "$work/missing" ] && [ -z "$check" ]; then
    imported=$(($(wc -l <"$work/missing")))
    case $method in
      ctr) seed_by_ctr ;;
      directory) seed_by_directory ;;
      skopeo) seed_by_skopeo ;;
      docker) seed_by_docker ;;
      talos) seed_by_talos ;;
    esac
    find_missing
    result=seeded
  fi
  find_unkept
  if [ -s "$work/unkept" ] && [ -z "$check" ] && [ ! -s "$work/missing" ]; then
    case $method in
      ctr) keep_by_ctr ;;
      skopeo) keep_by_skopeo ;;
    esac
    find_unkept
    result=seeded
  fi
  if [ -n "$prune" ] && [ -z "$check" ] && [ ! -s "$work/missing" ]; then
    prune_all
  fi
  conclude
}

prune_all() {
  case $method in
    ctr) prune_by_ctr ;;
    directory) prune_by_directory ;;
    *) note "--prune is for containerd and image directories; nothing is removed here" ;;
  esac
  [ "$pruned" -eq 0 ] || result=seeded
}

conclude() {
  if [ -s "$work/missing" ]; then
    code=4
    say gap "images are missing" "$work/missing"
  elif [ -s "$work/unkept" ]; then
    code=4
    say gap "images are not pinned" "$work/unkept"
  else
    say "$result" ""
  fi
  publish_features
  [ -n "$ready" ] || return 0
  if [ "$code" -eq 0 ]; then : >"$ready"; else rm -f -- "$ready"; fi
}

# One line for each feature. The worker reads the file every minute, so it must be whole at all times; it passes over
# names that begin with a dot.
publish_features() {
  if [ -z "$features" ] || [ -n "$check" ]; then return 0; fi
  features_directory=$root/etc/kubernetes/node-feature-discovery/features.d
  mkdir -p -- "$features_directory"
  if [ "$code" -eq 0 ]; then
    printf '%s' "$features" | tr ' ' '\n' >"$features_directory/.nodeseed-$set_name"
    mv -f -- "$features_directory/.nodeseed-$set_name" "$features_directory/nodeseed-$set_name"
  else
    rm -f -- "$features_directory/nodeseed-$set_name"
  fi
}

containerd_pid=''

# Called by the trap.
# shellcheck disable=SC2317
clean_up() {
  if [ -n "$containerd_pid" ]; then
    kill "$containerd_pid" 2>/dev/null || :
    wait "$containerd_pid" 2>/dev/null || :
  fi
  [ -z "$work" ] || rm -rf -- "$work"
}

main() {
  parse_options "$@"
  trap clean_up EXIT
  trap 'exit 143' TERM
  trap 'exit 130' INT
  work=$(mktemp -d "${TMPDIR:-/tmp}/nodeseed.XXXXXX")
  detect_platform
  detect_runtime
  [ "$method" != bake ] || start_containerd
  run_once
  while [ -n "$watch" ]; do
    sleep "$watch" &
    wait $!
    run_once
  done
  exit "$code"
}

main "$@"
