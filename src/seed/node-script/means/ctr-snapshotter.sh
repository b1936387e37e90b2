# ---- means ctr: the snapshotter that Kubernetes' part of containerd uses

snapshotter_given=${CONTAINERD_SNAPSHOTTER:-}

# Layers are unpacked for the snapshotter of the CRI's configuration, as no other is asked when a pod starts. At each look:
# whoever watches may see a containerd that was started anew with another one.
choose_snapshotter() {
  [ -z "$snapshotter_given" ] || return 0
  run_ctr plugins ls >"$work/plugins" 2>/dev/null || return 0
  all_config_files >"$work/config-files"
  configured=$(while read -r file; do snapshotter_in "$file"; done <"$work/config-files" | tail -n 1)
  # What containerd takes when nothing is said, and what it may have instead.
  for snapshotter in $configured overlayfs fuse-overlayfs btrfs zfs native; do
    if grep -q -e "^io\.containerd\.snapshotter\.v1  *$snapshotter  *.* ok *\$" "$work/plugins"; then
      CONTAINERD_SNAPSHOTTER=$snapshotter
      export CONTAINERD_SNAPSHOTTER
      break
    fi
    [ "$snapshotter" != "$configured" ] ||
      fail 3 "containerd's configuration names the snapshotter $configured, which this containerd does not have"
  done
  set_storage
  snapshot_storage=$storage/io.containerd.snapshotter.v1.${CONTAINERD_SNAPSHOTTER:-overlayfs}
}

# Where it keeps all of it, when its configuration has that elsewhere.
set_storage() {
  [ -z "$storage_given" ] || return 0
  configured_root=$(while read -r file; do
    sed -n -e '/^[[:space:]]*\[/q' -e "s/^[[:space:]]*root[[:space:]]*=[[:space:]]*[\"']\([^\"']*\)[\"'].*/\1/p" "$file"
  done <"$work/config-files" | tail -n 1)
  [ -z "$configured_root" ] || storage=$root$configured_root
}

# In the order in which containerd reads them, of which the last word counts: a file, those that it imports, and then what
# these import, each once.
all_config_files() {
  config_files >"$work/config-level"
  : >"$work/config-read"
  while [ -s "$work/config-level" ]; do
    while read -r file; do
      [ -r "$file" ] || continue
      case $file in
        */*) ;;
        *) file=./$file ;;
      esac
      # Without ".." in it, so that files that import each other come to an end.
      file=$(cd "${file%/*}" && pwd)/${file##*/}
      ! is_row "$file" "$work/config-read" || continue
      printf '%s\n' "$file" >>"$work/config-read"
      imports_of "$file" | while read -r import; do
        case $import in
          /*) import=$root$import ;;
          *) import=${file%/*}/$import ;;
        esac
        # shellcheck disable=SC2086 # a pattern, to be expanded
        printf '%s\n' $import
      done
    done <"$work/config-level" >"$work/config-next"
    mv -f "$work/config-next" "$work/config-level"
  done
  cat "$work/config-read"
}

# The file of the process that has this socket, where processes can be seen; else where the distribution keeps it.
config_files() {
  if [ -n "$cri_config" ]; then
    printf '%s\n' "$cri_config"
    return
  fi
  of_process=''
  [ -n "$root" ] || of_process=$(config_of_process)
  if [ -n "$of_process" ]; then
    printf '%s\n' "$of_process"
  elif find_step "$runtime" config; then
    "$step" | while read -r file; do printf '%s\n' "$root$file"; done
  fi
}

config_of_process() {
  for process in /proc/[0-9]*; do
    program=''
    { read -r program <"$process/comm"; } 2>/dev/null || continue
    [ "$program" = containerd ] || continue
    arguments=$(tr '\000' '\n' <"$process/cmdline" 2>/dev/null) || continue
    file=$(printf '%s\n' "$arguments" | sed -n -e '/^--\{0,1\}c\(onfig\)\{0,1\}$/{n;p;}' -e 's/^--\{0,1\}c\(onfig\)\{0,1\}=//p' | tail -n 1)
    [ -r "$file" ] || continue
    if grep -Fq -e "\"$address\"" -e "'$address'" "$file" || printf '%s\n' "$arguments" | grep -Fq -e "$address"; then
      printf '%s\n' "$file"
      return
    fi
  done
}

# imports = ["/etc/containerd/conf.d/*.toml"], on one line or many.
imports_of() {
  sed -n -e '/^[[:space:]]*imports[[:space:]]*=/{' -e ':more' -e '/\]/!{' -e 'N' -e 'b more' -e '}' -e 'p' -e '}' "$1" |
    sed 's/#.*//' | tr "'" '"' | tr ',' '\n' | tr '[' '\n' | sed -n 's/^[^"]*"\([^"]*\)".*/\1/p'
}

# The key in any of the tables that the versions of the configuration have for it, however they are written.
snapshotter_in() {
  table=''
  sed 's/^[[:space:]]*//; s/[[:space:]]*#[^"'\'']*$//; s/[[:space:]]*$//' "$1" | while read -r line; do
    case $line in
      '[['*) table=other ;;
      '['*']') table=$(printf '%s' "$line" | tr -d "[]\"' ").  ;;
      *snapshotter*=*)
        key=$table$(printf '%s' "${line%%=*}" | tr -d "\"' ")
        case $key in
          plugins.io.containerd.cri.v1.images.snapshotter | plugins.io.containerd.grpc.v1.cri.containerd.snapshotter | \
            plugins.cri.containerd.snapshotter) printf '%s\n' "$line" | sed -n "s/^[^=]*=[[:space:]]*[\"']\([A-Za-z0-9._-]*\)[\"'].*/\1/p" ;;
        esac
        ;;
    esac
  done
}
