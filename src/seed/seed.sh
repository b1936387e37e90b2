#!/bin/sh
# nodeseed: brings the images of a bundle into this node's container runtime, keeps them from garbage collection, and
# says in one line of JSON what it did. Needs nothing but POSIX sh, tar, grep, head, dd, df and the runtime's own ctr.
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
  --check             change nothing; exit 4 when an image is missing or not pinned
  --watch SECONDS     do not end: look again at this interval and repair what is missing
  --set DIGEST        refuse a bundle that holds another set of images
  --report FILE       write the JSON line to this file too, at most 4096 bytes
  --ready FILE        a file that exists as long as every image is there
  --address SOCKET    the socket of containerd (default: CONTAINERD_ADDRESS, or found)
  --ctr PROGRAM       the ctr to use (default: found)
  --namespace NAME    containerd namespace (default: k8s.io)
  --platform PLATFORM such as linux/arm64 (default: this machine's)
  --storage DIR       where the runtime keeps images, to see the space left (default: found)
  --root DIR          look for sockets and programs below this directory (default: /)
  --no-pin            leave the images to the kubelet's garbage collection
  --no-unpack         do not unpack layers now; the first container of each image does
  --no-space-check    import even when the space looks too small
USAGE
}

# ---- what was asked for -------------------------------------------------------------------------------------------

check='' watch='' expected_set='' report='' ready='' address='' ctr='' namespace=k8s.io platform='' storage='' root=''
pin=yes unpack=yes space_check=yes bundle=''

parse_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --check) check=yes ;;
      --no-pin) pin='' ;;
      --no-unpack) unpack='' ;;
      --no-space-check) space_check='' ;;
      --help) usage && exit 0 ;;
      --watch | --set | --report | --ready | --address | --ctr | --namespace | --platform | --storage | --root)
        [ $# -gt 1 ] || fail 2 "$1 needs a value"
        set_option "$1" "$2"
        shift
        ;;
      --)
        shift
        break
        ;;
      -*) fail 2 "unknown option: $1" ;;
      *) break ;;
    esac
    shift
  done
  [ $# -eq 1 ] || fail 2 "name one bundle: seed.sh [OPTION]... BUNDLE"
  # A colon before the first slash would be a host name to tar, a dash an option to ctr.
  case $1 in
    /*) bundle=$1 ;;
    *) bundle=./$1 ;;
  esac
  [ -r "$bundle" ] || fail 2 "no such bundle, or not readable: $1"
}

set_option() {
  case $1 in
    --watch) watch=$2 ;;
    --set) expected_set=$2 ;;
    --report) report=$2 ;;
    --ready) ready=$2 ;;
    --address) address=$2 ;;
    --ctr) ctr=$2 ;;
    --namespace) namespace=$2 ;;
    --platform) platform=$2 ;;
    --storage) storage=$2 ;;
    --root) root=${2%/} ;;
  esac
}

# ---- what is said -------------------------------------------------------------------------------------------------

work='' runtime='' set_digest='' imported=0 pinned=0 wanted_count=0

# Prints the JSON line, and writes it where --report says. The list of missing names is cut so that 4096 bytes hold it.
say() {
  result=$1 message=$2 missing_file=${3:-}
  missing_count=0 list=''
  if [ -n "$missing_file" ]; then
    while read -r name digest; do
      missing_count=$((missing_count + 1))
      [ "${#list}" -gt 2400 ] || list="$list${list:+,}\"$name\""
    done <"$missing_file"
  fi
  line="{\"nodeseed\":1,\"node\":\"$(json "${NODE_NAME:-$(uname -n)}")\",\"runtime\":\"$runtime\",\"platform\":\"$(json "$platform")\""
  line="$line,\"set\":\"$set_digest\",\"result\":\"$result\",\"names\":$wanted_count,\"imported\":$imported,\"pinned\":$pinned"
  line="$line,\"missingCount\":$missing_count,\"missing\":[$list],\"message\":\"$(json "$message")\"}"
  printf '%s\n' "$line"
  [ -z "$report" ] || printf '%s\n' "$line" >"$report"
}

# The text as the inside of a JSON string: at most 500 bytes, nothing outside printable ASCII.
json() {
  printf '%s' "$1" | tr '\n\t' '  ' | tr -cd '\040-\176' | head -c 500 | sed 's/[\\"]/\\&/g'
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

# One row for each runtime: name, socket, the directory of its images, then the programs that may be its ctr.
detect_runtime() {
  address=${address:-${CONTAINERD_ADDRESS:-}}
  try_runtime k3s /run/k3s/containerd/containerd.sock /var/lib/rancher/k3s/agent/containerd /usr/local/bin/k3s /opt/bin/k3s /usr/bin/k3s && return
  try_runtime rke2 /run/k3s/containerd/containerd.sock /var/lib/rancher/rke2/agent/containerd /var/lib/rancher/rke2/bin/ctr && return
  try_runtime k0s /run/k0s/containerd.sock /var/lib/k0s/containerd /usr/local/bin/k0s /usr/bin/k0s && return
  try_runtime microk8s /var/snap/microk8s/common/run/containerd.sock /var/snap/microk8s/common/var/lib/containerd /snap/microk8s/current/bin/ctr && return
  try_runtime containerd /run/containerd/containerd.sock /var/lib/containerd "$(command -v ctr || :)" /usr/local/bin/ctr /usr/bin/ctr /opt/bin/ctr && return
  fail 3 "no containerd found: no socket of containerd, k3s, RKE2, k0s or MicroK8s; name it with --address and --ctr"
}

try_runtime() {
  row=$1 row_socket=${address:-$root$2} row_storage=$root$3
  shift 3
  if [ -n "$ctr" ]; then
    set -- "$ctr"
  fi
  [ -S "$row_socket" ] || return 1
  for program in "$@"; do
    case $program in
      "$ctr" | '') ;;
      *) program=$root$program ;;
    esac
    if [ -n "$program" ] && [ -x "$program" ]; then
      runtime=$row address=$row_socket ctr=$program storage=${storage:-$row_storage}
      return 0
    fi
  done
  return 1
}

# k3s and k0s are one program that holds ctr.
run_ctr() {
  case ${ctr##*/} in
    k3s | k0s) "$ctr" ctr -a "$address" -n "$namespace" "$@" ;;
    *) "$ctr" -a "$address" -n "$namespace" "$@" ;;
  esac
}

# ---- what the bundle holds ----------------------------------------------------------------------------------------

# Writes $work/list (rows of names.txt for this platform), $work/wanted (NAME TARGET), $work/blobs (DIGEST SIZE).
# Only characters that a name, a digest or a media type can have get past this point.
read_bundle() {
  # The list stands before every layer; a tar that ends early is no error here, a list that does is.
  head -c 67108864 -- "$bundle" | tar -xOf - nodeseed/names.txt >"$work/names.txt" 2>/dev/null || :
  : >"$work/list"
  : >"$work/wanted"
  : >"$work/blobs"
  foreign='' ended='' first=yes
  while read -r kind a b c d e; do
    if [ -n "$first" ]; then
      [ "$kind $a" = 'nodeseed-names 1' ] || break
      set_digest=$b first=''
      continue
    fi
    case "$kind$a$b$c$d$e" in
      *[!][A-Za-z0-9._:/@+-]*) fail 2 "the bundle's list of names holds a line that no image can have: $kind $a $b $c $d $e" ;;
    esac
    case $kind in
      name)
        if [ "$a" = "$platform" ]; then
          printf '%s %s %s %s\n' "$b" "$c" "$d" "$e" >>"$work/list"
          printf '%s %s\n' "$e" "$b" >>"$work/wanted"
          wanted_count=$((wanted_count + 1))
        else
          foreign=yes
        fi
        ;;
      blob) [ "$a" != "$platform" ] || printf '%s %s\n' "$b" "$c" >>"$work/blobs" ;;
      end) ended=yes ;;
    esac
  done <"$work/names.txt"
  [ -n "$ended" ] || fail 2 "not a bundle of nodeseed, or damaged: $bundle"
  case $set_digest in
    *[!0-9a-f]* | '') fail 2 "not a bundle of nodeseed, or damaged: $bundle" ;;
    "$expected_set") ;;
    *) [ -z "$expected_set" ] || fail 2 "the bundle on this node holds set $set_digest, not $expected_set: $bundle" ;;
  esac
  [ "$wanted_count" -gt 0 ] || fail 2 "the bundle holds nothing for $platform: $bundle"
}

# ---- what the runtime holds ---------------------------------------------------------------------------------------

# Writes $work/missing: rows of $work/wanted that the runtime lacks, or that are not complete, or have another digest.
find_missing() {
  # The first line keeps the file from being empty, which is no list of patterns to every grep.
  echo - >"$work/present"
  run_ctr images check 2>/dev/null >"$work/check" || fail 3 "$ctr cannot list the images of $address"
  while read -r name type digest state rest; do
    [ "$state" != complete ] || printf '%s %s\n' "$name" "$digest"
  done <"$work/check" >>"$work/present"
  grep -Fxv -f "$work/present" "$work/wanted" >"$work/missing" || :
}

# Writes $work/unpinned: rows of $work/wanted without the pin label. Its value and key are containerd's.
find_unpinned() {
  : >"$work/unpinned"
  [ -n "$pin" ] || return 0
  echo - >"$work/pinned"
  run_ctr images ls 2>/dev/null >"$work/ls" || fail 3 "$ctr cannot list the images of $address"
  while read -r name type digest rest; do
    case ",${rest##* }," in
      *,io.cri-containerd.pinned=pinned,*) printf '%s %s\n' "$name" "$digest" ;;
    esac
  done <"$work/ls" >>"$work/pinned"
  grep -Fxv -f "$work/pinned" "$work/wanted" >"$work/unpinned" || :
}

# Writes $work/lacking: blobs that the runtime must get. Sets lacking_bytes.
find_lacking_blobs() {
  run_ctr content ls -q >"$work/content" 2>/dev/null || :
  echo - >>"$work/content"
  lacking_bytes=0
  while read -r digest size; do
    printf '%s\n' "$digest"
  done <"$work/blobs" | grep -Fxv -f "$work/content" >"$work/lacking" || :
  echo - >>"$work/lacking"
  while read -r digest size; do
    if grep -Fxq -e "$digest" "$work/lacking"; then
      lacking_bytes=$((lacking_bytes + size))
    fi
  done <"$work/blobs"
}

# ---- bringing it in -----------------------------------------------------------------------------------------------

# Compressed layers are kept and unpacked ones come beside them, usually two to three times as large.
check_space() {
  [ -n "$space_check" ] && [ -d "$storage" ] || return 0
  factor=${unpack:+3}
  needed=$((lacking_bytes * ${factor:-1} / 1024 + 1))
  left=$(df -Pk -- "$storage" | while read -r _ _ _ available _; do last=$available && echo "$last"; done | tail -n 1)
  case $left in
    '' | *[!0-9]*) return 0 ;;
  esac
  [ "$left" -ge "$needed" ] ||
    fail 3 "too little space in $storage: $left KiB left, about $needed KiB needed; make room or use --no-space-check"
}

import_images() {
  find_lacking_blobs
  check_space
  note "importing $(wc -l <"$work/missing") of $wanted_count names, $lacking_bytes bytes to bring in"
  imported=$(($(wc -l <"$work/missing")))
  if [ -z "$foreign" ] && [ "$(wc -l <"$work/lacking")" -gt "$(wc -l <"$work/blobs")" ]; then
    import_file "$bundle"
  else
    # Only this platform's names, and only blobs that are not there yet.
    compose_archive | import_file -
  fi
  find_missing
  [ -s "$work/missing" ] || return 0
  # A blob that was there may have been garbage; bring in everything once.
  note "not complete yet; importing the whole bundle"
  echo - >"$work/content"
  while read -r digest size; do printf '%s\n' "$digest"; done <"$work/blobs" >"$work/lacking"
  compose_archive | import_file -
  find_missing
}

# The exit code of old versions says little; what counts is what is there afterwards.
import_file() {
  if [ -n "$unpack" ]; then
    run_ctr images import --platform "$platform" "$1" >&2 || note "$ctr images import ended with an error"
  else
    run_ctr images import --platform "$platform" --no-unpack "$1" >&2 || note "$ctr images import ended with an error"
  fi
}

# An archive of the lacking blobs and an index that names this platform's images, to standard output. Blobs are copied
# out of the bundle in runs, by their place: member after member, each a header block and its content in whole blocks.
compose_archive() {
  mkdir -p "$work/layout"
  printf '{"imageLayoutVersion":"1.0.0"}' >"$work/layout/oci-layout"
  write_index >"$work/layout/index.json"
  tar -tvf "$bundle" >"$work/members" 2>/dev/null
  block=0 run_start=0 run_blocks=0
  while read -r _ _ size rest; do
    blocks=$((1 + (size + 511) / 512))
    case ${rest##* } in
      blobs/*/*) digest=$(digest_of_member "${rest##* }") ;;
      *) digest='' ;;
    esac
    if [ -n "$digest" ] && grep -Fxq -e "$digest" "$work/lacking"; then
      [ "$run_blocks" -gt 0 ] || run_start=$block
      run_blocks=$((run_blocks + blocks))
    else
      copy_blocks "$run_start" "$run_blocks"
      run_blocks=0
    fi
    block=$((block + blocks))
  done <"$work/members"
  copy_blocks "$run_start" "$run_blocks"
  tar -cf - -C "$work/layout" oci-layout index.json
}

digest_of_member() {
  digest=${1#blobs/}
  printf '%s:%s' "${digest%%/*}" "${digest#*/}"
}

# Standard input is closed so that no list is read away.
copy_blocks() {
  [ "$2" -gt 0 ] || return 0
  if dd if=/dev/null iflag=skip_bytes,count_bytes of=/dev/null 2>/dev/null; then
    dd if="$bundle" bs=1048576 iflag=skip_bytes,count_bytes skip=$(($1 * 512)) count=$(($2 * 512)) 2>/dev/null
  else
    dd if="$bundle" bs=512 skip="$1" count="$2" 2>/dev/null
  fi </dev/null
}

# Every value here has passed read_bundle: no quote and no backslash is among them.
write_index() {
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":['
  comma=''
  while read -r target type size name; do
    printf '%s{"mediaType":"%s","digest":"%s","size":%s,"annotations":{"io.containerd.image.name":"%s"}}' \
      "$comma" "$type" "$target" "$size" "$name"
    comma=,
  done <"$work/list"
  printf ']}'
}

pin_images() {
  while read -r name digest; do
    run_ctr images label "$name" io.cri-containerd.pinned=pinned >/dev/null </dev/null || note "cannot pin $name"
    pinned=$((pinned + 1))
  done <"$work/unpinned"
  find_unpinned
}

# ---- the run ------------------------------------------------------------------------------------------------------

# Leaves the exit code in `code`.
run_once() {
  imported=0 pinned=0 wanted_count=0 result=unchanged code=0
  read_bundle
  find_missing
  if [ -s "$work/missing" ] && [ -z "$check" ]; then
    import_images
    result=seeded
  fi
  find_unpinned
  if [ -s "$work/unpinned" ] && [ -z "$check" ] && [ ! -s "$work/missing" ]; then
    pin_images
    result=seeded
  fi
  if [ -s "$work/missing" ]; then
    code=4
    say gap "images are missing" "$work/missing"
  elif [ -s "$work/unpinned" ]; then
    code=4
    say gap "images are not pinned" "$work/unpinned"
  else
    say "$result" ""
  fi
  if [ -n "$ready" ]; then
    if [ "$code" -eq 0 ]; then : >"$ready"; else rm -f -- "$ready"; fi
  fi
}

# Called by the trap.
# shellcheck disable=SC2317
clean_up() {
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
  run_once
  while [ -n "$watch" ]; do
    sleep "$watch" &
    wait $!
    run_once
  done
  exit "$code"
}

main "$@"
