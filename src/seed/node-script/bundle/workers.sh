# ---- images that are imported side by side

worker_pids=''

# One import keeps a processor and a half busy: the client hands over bytes, the runtime unpacks layer after layer. So there
# are as many at a time as there are processors, at most four: the node's disk and its pods are to have something left.
is_side_by_side() {
  # Of media that come one after the other, nothing is to be read twice or in another order.
  [ -z "$wait_for_media" ] || return 1
  targets_of "$work/missing" >"$work/targets"
  workers=$(grep -c '^processor' /proc/cpuinfo 2>/dev/null) || workers=1
  [ "$workers" -le 4 ] || workers=4
  [ "$workers" -gt 1 ] && [ "$(($(wc -l <"$work/targets")))" -gt 1 ]
}

# By the step "import". What fails here is tried again image by image, when nothing else takes space, and says why.
import_side_by_side() {
  plan_jobs
  # A directory is removed by one only, and also on a full disk: "todo" until somebody begins with it, then "undone".
  while read -r job _; do mkdir -p "$work/todo/$job" "$work/undone/$job"; done <"$work/jobs"
  echo - >"$work/blobs-there"
  is_dd_exact || :
  find_own_step import
  started=0
  while [ "$started" -lt "$workers" ]; do
    started=$((started + 1))
    work_off "$work/worker-$started" &
    worker_pids="$worker_pids $!"
  done
  wait_for_workers
  clear_after_workers
  rm -rf "$work/todo" "$work/undone" "$work"/worker-*
  import_one_by_one
}

# What failed imports left behind takes the space that the next ones need.
clear_after_workers() {
  for failed in "$work"/worker-*/failed; do
    if [ -e "$failed" ] && find_own_step clear; then "$step" || :; fi
    break
  done
}

# Writes $work/jobs, TARGET AFTER: an image that shares its lowest layers with one before waits for that one, which brings
# them (else -). Two at a time would both unpack them.
plan_jobs() {
  while read -r target _ _ layers; do
    ! is_row "$target" "$work/targets" || printf '%s, %s\n' "${layers:-none}" "$target"
  done <"$work/images" | sort -u >"$work/by-layers"
  path=''
  while read -r layers target; do
    before=$path path='' after=- rest=$layers
    while [ -n "$rest" ]; do
      entry=${before%% *} before=${before#* }
      if [ "${entry%=*}" = "${rest%%,*}" ]; then
        after=${entry#*=}
      else
        entry=${rest%%,*}=$target before=''
      fi
      path="$path$entry " rest=${rest#*,}
    done
    printf '%s %s\n' "$target" "$after"
  done <"$work/by-layers" >"$work/afters"
  sizes_of_targets >"$work/target-sizes"
  order_jobs >"$work/jobs"
}

# TARGET SIZE: of each image how much its layers are. Sorted, the size of a layer stands before the images that have it.
sizes_of_targets() {
  {
    while read -r digest size; do printf '%s 0 %s\n' "$digest" "$size"; done <"$work/blobs"
    while read -r layers target; do
      while [ -n "$layers" ]; do
        printf '%s 1 %s\n' "${layers%%,*}" "$target"
        layers=${layers#*,}
      done
    done <"$work/by-layers"
  } | sort -u | {
    known='' size=0
    while read -r digest kind value; do
      [ "$digest" = "$known" ] || size=0
      known=$digest
      if [ "$kind" = 0 ]; then size=$value; else printf '%s %s\n' "$value" "$size"; fi
    done
  } | sort | {
    summed='' sum=0
    while read -r target size; do
      [ "$target" = "$summed" ] || { [ -z "$summed" ] || printf '%s %s\n' "$summed" "$sum"; summed=$target sum=0; }
      sum=$((sum + size))
    done
    [ -z "$summed" ] || printf '%s %s\n' "$summed" "$sum"
  }
}

# First those that others wait for, then the largest: what is begun last would be brought in alone.
order_jobs() {
  {
    sed 's/ / 0 /' "$work/target-sizes"
    sed 's/.* \(.*\)/\1 1 -/' "$work/afters"
    sed 's/ / 2 /' "$work/afters"
  } | sort | {
    while read -r target kind value; do
      case $kind in
        0) sum=$value rank=1 ;;
        1) rank=0 ;;
        *) printf '%s %s %s %s\n' "$rank" "$sum" "$target" "$value" ;;
      esac
    done
  } | sort -k1,1n -k2,2nr | while read -r _ _ target after; do printf '%s %s\n' "$target" "$after"; done
}

# DIRECTORY: imports what no other has begun with, until nothing is left.
work_off() {
  from=$1
  mkdir -p "$from"
  while take_job; do
    if ! import_job; then
      note "an import ended with an error: $(last_line "$from/import.log")"
      mkdir -p "$from/failed" || :
    fi
    rmdir "$work/undone/$job" || return 1
  done
}

# Without what was there, or has come meanwhile.
import_job() {
  take_target "$job"
  grep -Fx -f "$work/lacking" "$from/lacking" >"$from/lacking-first" || :
  grep -Fxv -f "$work/blobs-there" "$from/lacking-first" >"$from/lacking" || :
  compose_archive | "$step" >/dev/null 2>"$from/import.log" || return 1
  cat "$from/lacking" >>"$work/blobs-there"
  while read -r _ _ _ name; do printf '%s\n' "$name"; done <"$from/list" >&3
}

# Sets "job".
take_job() {
  while [ ! -e "$work/enough" ]; do
    waits=''
    while read -r job after; do
      [ -d "$work/todo/$job" ] || continue
      if [ -d "$work/undone/$after" ]; then
        waits=yes
      elif rmdir "$work/todo/$job" 2>/dev/null; then
        return 0
      fi
    done <"$work/jobs"
    [ -n "$waits" ] || return 1
    sleep 0.2 2>/dev/null || sleep 1
  done
  return 1
}

# One by one, as whoever watches has other programs running too. A signal ends "wait" and no worker.
wait_for_workers() {
  for worker in $worker_pids; do
    while wait "$worker"; [ $? -gt 128 ] && kill -0 "$worker" 2>/dev/null; do :; done
  done
  worker_pids=''
}

# What is being imported is imported to its end, as when there is one at a time.
stop_workers() {
  [ -n "$worker_pids" ] || return 0
  note "stopping as soon as what is being imported is there"
  : >"$work/enough"
  wait_for_workers
}
