# ---- method cri-o

m_cri_o_serves() {
  case $1 in
    */crio.sock) ;;
    *) return 1 ;;
  esac
}

m_cri_o_detect() {
  if [ -z "$asked" ] && [ ! -S "$root/run/crio/crio.sock" ] && [ ! -S "$root/var/run/crio/crio.sock" ]; then
    [ ! -d "$root/etc/crio" ] || stopped=${stopped:-CRI-O does not run: there is no socket $root/run/crio/crio.sock}
    return 1
  fi
  runtime=cri-o
  find_storage_program skopeo podman ||
    fail 3 "CRI-O takes images through skopeo or podman, and neither is on this node: install one, or let CRI-O pull from a mirror"
}

# CRI-O takes pinned_images from the last file that has any, so ours comes last and says what the others say too: the
# pins of other sets, which are marked in it, and those of whoever else runs this node.
CRIO_DIRECTORY=/etc/crio
CRIO_DROP_IN=$CRIO_DIRECTORY/crio.conf.d/99-nodeseed.conf

crio_drop_in() {
  printf '# Written by nodeseed: the kubelet does not collect these.\n[crio.image]\npinned_images = [\n'
  {
    while read -r name _; do printf '  "%s", # set %s\n' "$name" "$set_name"; done <"$work/wanted"
    [ ! -f "$root$CRIO_DROP_IN" ] || grep -e '^  ".*", # set ' "$root$CRIO_DROP_IN" | grep -v -e " # set $set_name\$" || :
    pins_of_node
  } | sort
  printf ']\n'
}

pins_of_node() {
  last=''
  for file in "$root$CRIO_DIRECTORY/crio.conf" "$root$CRIO_DIRECTORY/crio.conf.d"/*; do
    case $file in
      */*-nodeseed.conf*) ;;
      *) ! grep -q -e '^[[:space:]]*pinned_images[[:space:]]*=' "$file" 2>/dev/null || last=$file ;;
    esac
  done
  [ -n "$last" ] || return 0
  # The array, whether it is on one line or on many.
  sed -n -e '/^[[:space:]]*pinned_images[[:space:]]*=/{' -e ':more' -e '/\]/!{' -e 'N' -e 'b more' -e '}' -e 'p' -e '}' "$last" |
    sed 's/#.*//' | tr "'" '"' | tr ',' '\n' | sed -n 's/^[^"]*"\([^"]*\)".*/  "\1", # of this node/p'
}

# CRI-O is asked which pins it has read, where its program is on the node. It looks into that directory only if it was there
# when CRI-O started.
m_cri_o_kept() {
  crio_drop_in >"$work/drop-in"
  cmp -s "$work/drop-in" "$root$CRIO_DROP_IN" || return 0
  if ask_crio; then
    while read -r name target; do
      ! grep -Fq -e "\"$name\"" "$work/crio-config" || printf '%s %s\n' "$name" "$target"
    done <"$work/wanted" >>"$work/kept"
  else
    cat "$work/wanted" >>"$work/kept"
  fi
}

m_cri_o_keep() {
  if ! cmp -s "$work/drop-in" "$root$CRIO_DROP_IN"; then
    mkdir -p -- "$root${CRIO_DROP_IN%/*}"
    cat "$work/drop-in" >"$root$CRIO_DROP_IN.partial"
    mv -f -- "$root$CRIO_DROP_IN.partial" "$root$CRIO_DROP_IN"
  fi
  pinned=$((pinned + $(wc -l <"$work/unkept")))
  [ -n "$root" ] || reload_crio || note "reload CRI-O for the pins to count: systemctl reload crio"
  tries=0
  while ask_crio && ! are_pins_read; do
    tries=$((tries + 1))
    [ "$tries" -le 3 ] || {
      note "CRI-O does not read $CRIO_DROP_IN: restart it, systemctl restart crio"
      return 0
    }
    sleep 1
  done
}

are_pins_read() {
  while read -r name _; do
    grep -Fq -e "\"$name\"" "$work/crio-config" || return 1
  done <"$work/unkept"
}

# Writes $work/crio-config: the settings that CRI-O runs with. Fails where it cannot be asked, or knows no pins, as before 1.28.
ask_crio() {
  crio=$(command -v crio || :)
  [ -z "$root" ] || crio=$root/usr/bin/crio
  [ -n "$crio" ] && [ -x "$crio" ] || return 1
  "$crio" status --socket "$root/run/crio/crio.sock" config >"$work/crio-config" 2>/dev/null </dev/null &&
    grep -q '^ *pinned_images = ' "$work/crio-config"
}

# As its unit does; a pod that sees the processes of the host can do this too.
reload_crio() {
  reloaded=''
  for process in /proc/[0-9]*; do
    program=''
    { read -r program <"$process/comm"; } 2>/dev/null || :
    [ "$program" != crio ] || ! kill -HUP "${process##*/}" || reloaded=yes
  done
  [ -n "$reloaded" ]
}
