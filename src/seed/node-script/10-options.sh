#!/bin/sh
# nodeseed: brings the images of a bundle into this node's container runtime, keeps them from garbage collection, and
# says in one line of JSON what it did. Needs nothing but POSIX sh, the small programs that POSIX has besides (tar, grep,
# sed, sort, tr, head, tail, dd, df, wc) and the runtime's tools.
#
#   sh seed.sh BUNDLE.tar
#   tar -xOf BUNDLE.tar nodeseed/seed.sh | sh -s -- BUNDLE.tar
#
# The exit codes are in the usage below; each comes with a line of JSON.

# Steps are called by names that are made of a method's and a step's.
# shellcheck disable=SC2317
set -eu
# ctr says what is deprecated about the host's containerd with every call.
LC_ALL=C CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS=1
export LC_ALL CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS

usage() {
  cat <<'USAGE'
usage: seed.sh [OPTION]... BUNDLE
       seed.sh [OPTION]... --names FILE --from-registry URL

BUNDLE may lie in parts: BUNDLE.part001, BUNDLE.part002 ... With --wait-for-media they may come one after the other.
Exit codes, each with a line of JSON: 0 every image is there and unpacked; 2 wrong call or bundle; 3 the node (its runtime
does not answer, no space there or below TMPDIR); 4 images are missing, and the line says which and why; 143 and 130
stopped by a signal.

What is to happen
  --check               change nothing; exit 4 when an image is missing or not pinned
  --watch SECONDS       do not end: look again at this interval and repair what is missing
  --prune               let go what an earlier set of the same name brought and no set needs any more; for docker, podman,
                        nerdctl and CRI-O this is noted in NODESEED_BROUGHT, or /var/lib/nodeseed/brought
  --no-pin              leave the images to the kubelet's garbage collection
  --no-unpack           do not unpack layers now; the first container of each image does
  --no-space-check      import even when the space looks too small
Which images
  --names FILE          the list of names (nodeseed/names.txt), when it is not all that the bundle holds
  --expect-set DIGEST   refuse a bundle that holds another set of images
  --set-name NAME       the name under which this set is kept apart from others (default: images)
  --wait-for-media      wait for each part of the bundle where it is not there, and say which one is missing
  --media DIR           another directory in which parts may lie, such as where a medium is mounted; may be repeated
  --platform PLATFORM   such as linux/arm64 (default: this machine's)
  --from-registry URL   pull from a registry that holds the images, layer by layer, instead of reading a bundle
  --key FILE            import nothing that this public key (PEM) did not sign; needs openssl and sha256sum
  --signature FILE      the signature (default: BUNDLE.sig)
  --allow-older         take a bundle that is older than what this node holds of its set
  --editions DIR        where this node notes that (default: NODESEED_EDITIONS, or /var/lib/nodeseed/editions)
  --ca FILE             check the certificate of that registry with these authorities (PEM)
  --auth-file FILE      credentials for that registry, in the form of docker's config.json
How
USAGE
  methods_usage
  cat <<'USAGE'
  --address SOCKET      the socket of containerd (default: CONTAINERD_ADDRESS, or found)
  --ctr PROGRAM         the runtime's client to use, such as ctr or skopeo (default: found)
  --cri-config FILE     containerd's configuration, to see its snapshotter (default: that of its process, or its usual place)
  --namespace NAME      containerd namespace (default: k8s.io)
  --storage DIR         where the runtime keeps images, to see the space left (default: found)
  --store SPEC          containers-storage as skopeo writes it, such as overlay@/var/lib/containers/storage (skopeo only)
  --layout LAYOUT       talos: flat (default), for a volume or "talosctl image cache-serve", or oci, for Talos's imager
  --root DIR            look for everything below this directory (default: /)
What it says
  --report FILE         write the JSON line to this file too, at most 4096 bytes
  --ready FILE          a file that exists as long as every image is there
  --feature KEY=VALUE   publish this through Node Feature Discovery as long as every image is there; may be repeated
USAGE
}

# ---- what was asked for

check='' watch='' prune='' wait_for_media='' media='' head_end='' part_size='' bundle_size='' pin=yes unpack=yes space_check=yes
names='' expected_set='' set_name=images platform='' registry='' bundle='' ca='' auth_file='' layout=flat
key='' signature='' allow_older='' editions='' edition_set='' edition_number='' keep_edition='' unsure_edition='' edition_remark=''
import_platform='' method='' address='' ctr='' namespace=k8s.io storage='' storage_given='' snapshot_storage='' store='' root='' cri_config='' stopped=''
report='' ready='' features=''

parse_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --check) check=yes ;;
      --prune) prune=yes ;;
      --no-pin) pin='' ;;
      --allow-older) allow_older=yes ;;
      --no-unpack) unpack='' ;;
      --no-space-check) space_check='' ;;
      --wait-for-media) wait_for_media=yes ;;
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
    [ -z "$wait_for_media$media" ] || fail 2 "--wait-for-media and --media are for bundles in parts"
    [ -z "$key" ] || fail 2 "--key checks a bundle: what a registry gives is checked by the digests in --names"
    check_registry
    return 0
  fi
  [ $# -eq 1 ] || fail 2 "name one bundle: seed.sh [OPTION]... BUNDLE"
  # A colon before the first slash would be a host name to tar, a dash an option to ctr.
  case $1 in
    /*) bundle=$1 ;;
    *) bundle=./$1 ;;
  esac
  if [ -n "$wait_for_media" ]; then
    [ -z "$watch" ] || fail 2 "--watch looks at the bundle again and again: it must stay where it is, without --wait-for-media"
  else
    find_parts
  fi
}

set_option() {
  case $1 in
    --watch) watch=$2 ;;
    --names) names=$2 ;;
    --expect-set | --set) expected_set=$2 ;;
    --set-name) set_name=$2 ;;
    --platform) platform=$2 ;;
    --from-registry) registry=$2 ;;
    --key) key=$2 ;;
    --signature) signature=$2 ;;
    --editions) editions=$2 ;;
    --media) media="$media${2%/}
" ;;
    --ca) ca=$2 ;;
    --auth-file) auth_file=$2 ;;
    --method) method=$2 ;;
    --address) address=$2 ;;
    --ctr) ctr=$2 ;;
    --namespace) namespace=$2 ;;
    --cri-config) cri_config=$2 ;;
    --storage) storage=$2 storage_given=yes ;;
    --store) store=$2 ;;
    --root) root=${2%/} ;;
    --layout) layout=$2 ;;
    --report) report=$2 ;;
    --ready) ready=$2 ;;
    --feature) features="$features$2 " ;;
    *) fail 2 "unknown option: $1" ;;
  esac
}
