# ---- the run

find_unkept() {
  : >"$work/unkept"
  echo - >"$work/kept"
  case $pin/$method/$runtime in
    yes/ctr/*) kept_in_ctr ;;
    yes/*/cri-o) kept_in_crio ;;
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
      skopeo | podman) seed_containers_storage ;;
      docker) seed_by_docker ;;
      talos) seed_by_talos ;;
    esac
    find_missing
    result=seeded
  fi
  find_unkept
  if [ -s "$work/unkept" ] && [ -z "$check" ] && [ ! -s "$work/missing" ]; then
    case $runtime in
      cri-o) keep_by_crio ;;
      *) keep_by_ctr ;;
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
    say "$result" "$(known_loss)"
  fi
  publish_features
  [ -n "$ready" ] || return 0
  if [ "$code" -eq 0 ]; then : >"$ready"; else rm -f -- "$ready"; fi
}

# What the method cannot do, said although every image is there.
known_loss() {
  [ ! -s "$work/digestless" ] ||
    printf '%s' "docker's classic store keeps no registry digests: $(($(wc -l <"$work/digestless"))) names are there by tag only, and a pod that names the digest would pull"
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
  open_progress
  trap clean_up EXIT
  trap 'exit 143' TERM
  trap 'exit 130' INT
  work=$(mktemp -d "${TMPDIR:-/tmp}/nodeseed.XXXXXX")
  detect_platform
  detect_runtime
  case $method in
    directory | talos) [ -z "$registry" ] || fail 2 "$method takes a bundle, not --from-registry" ;;
    bake) start_containerd ;;
  esac
  run_once
  while [ -n "$watch" ]; do
    sleep "$watch" &
    wait $!
    run_once
  done
  exit "$code"
}

main "$@"
