# ---- between two looks

woken='' sleeping='' listeners='' events_pid=''

# Whether there is nothing to bring from, for who watches and knows already which images there should be: no bundle, one that
# is being written, or another one, as when that of the next month is copied over it. Writes $work/names-now.
is_bundle_gone() {
  rm -f -- "$work/names-now"
  [ -n "$watch" ] && [ -n "$bundle" ] && [ -s "$work/wanted" ] || return 1
  [ -f "$(part "$((parts > 0))")" ] || return 0
  [ -z "$names" ] || return 1
  read_member nodeseed/names.txt "$work/names-now"
  ! cmp -s "$work/names" "$work/names-now"
}

# Until the interval is over, or the runtime tells that one of these images was changed: by an import of somebody else that
# dropped the pin, or because it is gone.
wait_for_change() {
  listen_to_events
  sleep "$watch" &
  sleeping=$!
  # What wakes ends the sleep, so that it counts also where it comes before the wait.
  [ -z "$woken" ] || kill "$sleeping" 2>/dev/null || :
  wait "$sleeping" || :
  kill "$sleeping" 2>/dev/null || :
  sleeping=''
  # What one tool does to many images is one change.
  [ -z "$woken" ] || sleep 1
  woken=''
}

# Where the runtime has no events, only the interval counts. They are heard again when the runtime was started anew.
listen_to_events() {
  find_own_step events || return 0
  if [ -n "$events_pid" ] && kill -0 "$events_pid" 2>/dev/null; then return 0; fi
  # shellcheck disable=SC2086 # none, or two numbers
  [ -z "$listeners" ] || kill $listeners 2>/dev/null || :
  [ -p "$work/events" ] || mkfifo "$work/events" 2>/dev/null || return 0
  trap wake USR1
  "$step" >"$work/events" 2>/dev/null &
  events_pid=$!
  wake_by_events <"$work/events" >/dev/null 2>&1 &
  listeners="$events_pid $!"
}

wake() {
  woken=yes
  [ -z "$sleeping" ] || kill "$sleeping" 2>/dev/null || :
}

wake_by_events() {
  while read -r event; do
    case $event in
      */images/*'"name":"'*) ;;
      *) continue ;;
    esac
    changed=${event#*\"name\":\"} && changed=${changed%%\"*}
    ! grep -Fq -e "$changed " "$work/wanted" || kill -USR1 $$
  done
}
