# ---- method nerdctl

m_nerdctl_detect() {
  address=${address:-$root/run/containerd/containerd.sock}
  ctr=${ctr:-$(command -v nerdctl || :)}
  [ -n "$ctr" ] || fail 3 "nerdctl is not on this machine: name it with --ctr"
  [ -S "$address" ] || fail 3 "no containerd at $address: name its socket with --address"
  runtime=containerd storage=${storage:-$root/var/lib/containerd}
}

run_nerdctl() {
  "$ctr" --address "$address" --namespace "$namespace" "$@"
}

# By the record of each name; what it leads to is looked at once.
m_nerdctl_present() {
  run_nerdctl images -q >/dev/null 2>"$work/stderr" </dev/null ||
    fail 3 "the containerd at $address does not answer: $(last_line "$work/stderr")"
  : >"$work/whole"
  while read -r name target; do
    run_nerdctl image inspect --mode native --format '{{.Image.Name}} {{.Image.Target.Digest}}' "$name" \
      2>/dev/null </dev/null >"$work/records" || continue
    grep -Fxq -e "$name $target" "$work/records" || continue
    grep -Fxq -e "$target" "$work/whole" || is_whole_in_nerdctl "$name" || continue
    printf '%s\n' "$target" >>"$work/whole"
    printf '%s %s\n' "$name" "$target"
  done <"$work/wanted" >>"$work/present"
}

# nerdctl says of no image that layers are lacking, but cannot save such a one; nerdctl 2 would look for the layers in the
# registry, which it cannot reach through a proxy that is none. An image that is not unpacked has no size, and that is
# warned of.
is_whole_in_nerdctl() {
  HTTP_PROXY=http://127.0.0.1:1 HTTPS_PROXY=http://127.0.0.1:1 NO_PROXY='' \
    run_nerdctl save --platform "$platform" "$1" </dev/null 2>/dev/null >/dev/null || return 1
  [ -n "$unpack" ] || return 0
  size=$(run_nerdctl image inspect --platform "$platform" --format '{{.Size}}' "$1" </dev/null 2>"$work/warnings") || return 1
  [ "${size%%
*}" != 0 ] || [ ! -s "$work/warnings" ]
}

# nerdctl lists no blobs, so that all of them come.
m_nerdctl_seed() {
  all_blobs_lack
  if [ -n "$registry" ]; then
    check_space
    pull_by_nerdctl
    return
  fi
  check_left_out
  check_space
  import_archives
}

m_nerdctl_import() {
  run_nerdctl load --platform "$platform"
}

# By digest, so that a tag that has moved in the registry cannot bring in something else.
pull_by_nerdctl() {
  write_hosts
  note "pulling $(wc -l <"$work/missing") of $wanted_count names from $registry"
  while read -r name target; do
    pinned_name=$(repository_of "$name")@$target
    run_nerdctl --hosts-dir "$work/hosts" pull --quiet --platform "$platform" "$pinned_name" >&3 2>"$work/stderr" </dev/null || {
      note "cannot pull $pinned_name from $registry: $(last_line "$work/stderr")"
      because "$name" "$(last_line "$work/stderr")"
      continue
    }
    [ "$pinned_name" = "$name" ] || run_nerdctl tag "$pinned_name" "$name" </dev/null || :
  done <"$work/missing"
}

# Writes $work/used: what containers were made from, by name and by target. Those of CRI are among them.
m_nerdctl_look() {
  run_nerdctl ps --all --no-trunc --format '{{.Image}}' >"$work/containers" 2>"$work/stderr" </dev/null || return 1
  sort -u "$work/containers" | while read -r name; do
    printf '%s\n' "$name"
    nerdctl_records "$name" | while read -r record target _; do
      [ "$record" != "$name" ] || printf '%s\n' "$target"
    done
  done >"$work/used"
}

# NAME or TARGET: its records as NAME TARGET {"LABEL":"VALUE",...}
nerdctl_records() {
  run_nerdctl image inspect --mode native --format '{{.Image.Name}} {{.Image.Target.Digest}} {{json .Image.Labels}}' "$1" \
    2>/dev/null </dev/null || :
}

# The runtime made a record of each image under its config's digest; without a name beside it, as when the name has gone to
# the image of this set, it only takes space.
m_nerdctl_drop() {
  nerdctl_records "$2" >"$work/records"
  labels='' by_config='' other_names=''
  while read -r record leads_to rest; do
    [ "$leads_to" = "$2" ] || continue
    case $record in
      "$1") labels=$rest ;;
      "$3") by_config=yes ;;
      sha256:*) ;;
      *) other_names=yes ;;
    esac
  done <"$work/records"
  [ -n "$labels$by_config" ] || return 0
  # nerdctl sets neither.
  case $labels in
    *'"nodeseed.dev/'* | *'"io.cri-containerd.pinned":"pinned"'*) dropped='another program pinned it' && return 0 ;;
  esac
  for used in "$@"; do
    ! is_row "$used" "$work/used" || { dropped='a container was made from it' && return 0; }
  done
  [ -z "$labels" ] || remove_from_nerdctl "$1"
  case $dropped in
    yes | no) [ "$by_config$other_names" != yes ] || remove_from_nerdctl "$3" ;;
  esac
}

# By its own defaults: with kube_hide_dupe in its configuration it would take other names away as well.
remove_from_nerdctl() {
  remove_by env NERDCTL_TOML=/dev/null "$ctr" --address "$address" --namespace "$namespace" rmi "$1"
}

m_nerdctl_loss() {
  if [ "$namespace" != k8s.io ]; then
    elsewhere
  elif [ -n "$pin" ]; then
    printf '%s' "nerdctl pins nothing: a kubelet whose disk fills up may remove the images; ctr can pin them"
  fi
}
