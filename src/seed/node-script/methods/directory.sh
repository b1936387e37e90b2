# ---- method directory

# k3s, RKE2 and k0s import every archive of their image directory at start, and new ones soon, and pin what they hold.
m_directory_detect() {
  for candidate in $methods; do
    find_step "$candidate" images || continue
    image_directory=$root$("$step")
    [ -d "${image_directory%/*}" ] || continue
    [ -z "$registry" ] || fail 2 "directory takes a bundle, not --from-registry"
    runtime=$candidate storage=${storage:-${image_directory%/*}}
    return 0
  done
  return 1
}

m_directory_present() {
  # What a loss of power cut off may have its name already, and nothing inside.
  [ ! -s "$image_directory/$(archive_name)" ] || cat "$work/wanted" >>"$work/present"
}

archive_name() {
  printf 'nodeseed-%s-%s.tar' "$set_name" "$set_digest"
}

# k0s reads every file of the directory as an archive, so the temporary one lies beside the directory. It is named after its
# content: another bundle of the set may be brought in at the same time.
m_directory_seed() {
  all_blobs_lack
  check_left_out
  check_space
  mkdir -p -- "$image_directory"
  temporary=${image_directory%/*}/.$(archive_name).partial
  partial=$temporary from=$work
  compose_archive >"$temporary" || fail 3 "cannot write $temporary: is the disk full?"
  check_archive "$temporary"
  partial=''
  mv -f -- "$temporary" "$image_directory/$(archive_name)"
}

# A digest has 16 digits: behind the name of another set, shop-tools beside shop, there is more.
m_directory_prune() {
  rm -f -- "${image_directory%/*}/.nodeseed-$set_name-"????????????????.tar.partial
  for archive in "$image_directory/nodeseed-$set_name-"????????????????.tar; do
    case $archive in
      */"$(archive_name)") ;;
      *)
        [ -f "$archive" ] || continue
        rm -f -- "$archive"
        pruned=$((pruned + 1))
        ;;
    esac
  done
}

m_directory_loss() {
  printf '%s' "$runtime imports the archive by itself, soon or at its next start; whether it did is not seen here"
}
