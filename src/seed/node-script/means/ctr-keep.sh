# ---- means ctr: pins, and what earlier sets brought

# A name is kept when the kubelet's garbage collection spares it and it says which set wants it.
m_ctr_kept() {
  run_ctr images ls >"$work/ls" 2>"$work/stderr" ||
    fail 3 "the containerd at $address does not list its images: $(last_line "$work/stderr")"
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

# A few at a time: each is a start of ctr and a write to the disk.
m_ctr_keep() {
  while read -r name _; do
    label_kept "$name" &
    worker_pids="$worker_pids $!" pinned=$((pinned + 1))
    [ $((pinned % 4)) -ne 0 ] || wait_for_workers
  done <"$work/unkept"
  wait_for_workers
}

label_kept() {
  run_ctr images label "$1" io.cri-containerd.pinned=pinned "nodeseed.dev/$set_name=$set_digest" >/dev/null </dev/null ||
    note "cannot pin $1"
}

# Lets go the names that carry this set's label and are not wanted any more. Those that another set wants too stay, and
# so do those that a container runs: they only lose the label and, the latter, the pin.
m_ctr_prune() {
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
