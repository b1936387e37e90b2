# ---- means ctr: the snapshotter that Kubernetes' part of containerd uses

# Layers are unpacked for the snapshotter of the CRI's configuration, as no other is asked when a pod starts.
choose_snapshotter() {
  [ -z "${CONTAINERD_SNAPSHOTTER:-}" ] || return 0
  run_ctr plugins ls >"$work/plugins" 2>/dev/null || return 0
  configured=$(configured_snapshotter)
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
  configured_root=$(config_files | while read -r file; do
    [ ! -r "$file" ] || sed -n -e '/^[[:space:]]*\[/q' -e "s/^[[:space:]]*root[[:space:]]*=[[:space:]]*[\"']\([^\"']*\)[\"'].*/\1/p" "$file"
  done | tail -n 1)
  [ -z "$configured_root" ] || storage=$root$configured_root
}

# In the order in which containerd reads them: a file, then those that it imports, of which the last word counts.
configured_snapshotter() {
  config_files | while read -r file; do
    [ -r "$file" ] || continue
    snapshotter_in "$file"
    imports_of "$file" | while read -r import; do
      case $import in
        /*) import=$root$import ;;
        *) import=${file%/*}/$import ;;
      esac
      # shellcheck disable=SC2086 # a pattern, to be expanded
      for imported in $import; do [ ! -r "$imported" ] || snapshotter_in "$imported"; done
    done
  done | tail -n 1
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
