# ---- means ctr: a registry instead of a bundle

# By digest, so that a tag that has moved in the registry cannot bring in something else; tags are set here.
pull_images() {
  write_hosts
  note "pulling $(wc -l <"$work/missing") of $wanted_count names, $(human $((needed_bytes / 1024 + 1))), from $registry"
  find_pull_flags
  while read -r name target; do
    pinned_name=$(repository_of "$name")@$target
    # shellcheck disable=SC2086 # flags are words of ours
    run_ctr images pull $pull_flags --hosts-dir "$work/hosts" --platform "$(platform_of "$target")" "$pinned_name" >&3 2>"$work/stderr" </dev/null || {
      note "cannot pull $pinned_name from $registry: $(last_line "$work/stderr")"
      because "$name" "$(last_line "$work/stderr")"
      continue
    }
    [ "$pinned_name" = "$name" ] || run_ctr images tag --force "$pinned_name" "$name" >&3 </dev/null || :
  done <"$work/missing"
}

# containerd 2 would read the hosts directory itself, where a pod's directory is not to be found, and would ask for the
# manifests of every platform of an index, which a registry for these nodes need not hold. Its ctr can be told otherwise;
# older ones do neither and know no such flags.
find_pull_flags() {
  run_ctr images pull --help >"$work/pull-help" 2>/dev/null || :
  pull_flags=''
  for flag in --local --skip-metadata; do
    ! grep -q -e "$flag" "$work/pull-help" || pull_flags="$pull_flags $flag"
  done
}
