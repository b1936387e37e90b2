# ---- what sets brought, for runtimes whose images carry no labels

# A file for each set: "NAME TARGET CONFIG brought", and "found" for names that were there before. Whoever is not root has
# images of their own, and notes of their own; so has each namespace of a containerd.
find_brought() {
  brought=${NODESEED_BROUGHT:-}
  if [ -z "$brought" ] && [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then
    brought=${XDG_STATE_HOME:-${HOME:-/nonexistent}/.local/state}/nodeseed/brought
  fi
  brought=${brought:-$root/var/lib/nodeseed/brought} holder=$runtime
  [ "$namespace" = k8s.io ] || holder=$runtime.$namespace
  brought_file=$brought/$holder-$set_name
}

# Before anything is imported, so that a run that is killed has said what it was about to bring.
note_brought() {
  find_step "$method" drop || return 0
  find_brought
  {
    with_config "$work/missing" | sed 's/$/ brought/'
    with_config "$work/wanted" | sed 's/$/ found/'
    cat -- "$brought_file" 2>/dev/null || :
  } | sort -u >"$work/notes"
  keep_notes || note "cannot write $brought_file: --prune will not know what this run brought"
}

# COMMAND...: removes an image, or one of its names.
remove_by() {
  if "$@" >/dev/null 2>"$work/stderr" </dev/null; then dropped=yes; else dropped=$(last_line "$work/stderr"); fi
}

# NAME TARGET: the same rows with the digest of the config, by which these runtimes know an image.
with_config() {
  while read -r target _ config _; do
    sed -n "s|^\([^ ]* $target\)\$|\1 $config|p" "$1"
  done <"$work/images"
}

# Writes $work/notes, of which "brought" counts more than "found"; nothing where nothing is new.
keep_notes() {
  { echo - && sed -n 's/ brought$/ found/p' "$work/notes"; } >"$work/brought-rows"
  rows_without "$work/brought-rows" "$work/notes" >"$work/new-notes"
  ! cmp -s "$work/new-notes" "$brought_file" || return 0
  mkdir -p -- "$brought" 2>/dev/null &&
    cat "$work/new-notes" 2>/dev/null >"$brought/.$holder-$set_name.new" && mv -f -- "$brought/.$holder-$set_name.new" "$brought_file"
}

# Lets go what this set brought and does not want any more: no name that another set of this node has, none that was there
# before, no image that a container was made from. Steps that a program has for this: look, once before; drop NAME TARGET
# CONFIG, which says in "dropped" how it went: yes, no where there is nothing of it, or why it stays.
prune_brought() {
  find_brought
  if ! [ -f "$brought_file" ]; then
    note "nothing is noted in $brought_file: what an earlier set brought is not known here, and stays"
    return 0
  fi
  with_config "$work/wanted" >"$work/current"
  sed -e 's/$/ brought/' "$work/current" >"$work/current-rows"
  sed -e 's/$/ found/' "$work/current" >>"$work/current-rows"
  for file in "$brought/$holder-"*; do
    [ "$file" = "$brought_file" ] || sed 's/ .*//' "$file"
  done >"$work/others"
  rows_without "$work/current-rows" "$brought_file" | sed -n 's/ brought$//p' >"$work/candidates"
  : >"$work/stay"
  if find_step "$method" look && ! "$step"; then
    note "--prune removes nothing, since nobody can tell what containers were made from: $(last_line "$work/stderr")"
    return 0
  fi
  find_step "$method" drop
  # Tags before digests: a repository without a tag loses its digests by itself.
  { grep -v '@' "$work/candidates" || :; grep '@' "$work/candidates" || :; } >"$work/candidates-in-order"
  while read -r name target config; do
    dropped=no
    if is_row "$name" "$work/others"; then dropped='another set wants it'; else "$step" "$name" "$target" "$config"; fi
    case $dropped in
      yes) pruned=$((pruned + 1)) ;;
      no) ;;
      *)
        note "kept, because $dropped: $name"
        printf '%s %s %s brought\n' "$name" "$target" "$config" >>"$work/stay"
        ;;
    esac
  done <"$work/candidates-in-order"
  grep -Fx -f "$work/current-rows" "$brought_file" | sort -u - "$work/stay" >"$work/notes"
  keep_notes || note "cannot write $brought_file"
}
