# ---- a registry instead of a bundle

# Every part of the address is made of characters that mean nothing to a shell, a TOML file or a pattern but themselves.
check_registry() {
  case $registry in
    *[!A-Za-z0-9._:/@%[-]*) fail 2 "not the address of a registry: $registry" ;;
    http://* | https://*) ;;
    *) fail 2 "write the address of the registry with http:// or https://: $registry" ;;
  esac
  registry=${registry%/}
  registry_place=${registry#*://}
  registry_host=${registry_place%%/*}
  for file in "$ca" "$auth_file"; do
    [ -z "$file" ] || [ -r "$file" ] || fail 2 "not readable: $file"
  done
}

# Writes $work/hosts: what containerd's resolver asks instead of every upstream.
write_hosts() {
  mkdir -p "$work/hosts/_default"
  {
    printf 'server = "%s"\n[host."%s"]\n  capabilities = ["pull", "resolve"]\n' "$registry" "$registry"
    if [ -n "$ca" ]; then
      cat -- "$ca" >"$work/hosts/ca.crt"
      printf '  ca = "%s"\n' "$work/hosts/ca.crt"
    fi
    authorization=$(basic_authorization)
    [ -z "$authorization" ] ||
      printf '  [host."%s".header]\n    authorization = "Basic %s"\n' "$registry" "$authorization"
  } >"$work/hosts/_default/hosts.toml"
}

# What docker's configuration holds for the registry: base64 of user:password, which kubectl and docker login write.
basic_authorization() {
  [ -n "$auth_file" ] || return 0
  pattern=$(printf '%s' "$registry_host" | sed 's/[].[]/\\&/g')
  found=$(tr -d ' \t\r\n' <"$auth_file" |
    sed -n 's|.*"\(https\{0,1\}://\)\{0,1\}'"$pattern"'/\{0,1\}":{[^}]*"auth":"\([A-Za-z0-9+/=]*\)".*|\2|p')
  [ -n "$found" ] || note "no credentials for $registry_host in $auth_file; asking without"
  printf '%s' "$found"
}

# Where the registry may have a repository of another: with the upstream in its path, as nodeseed serve and push --rewrite
# have it, or without, as push has it. A port is written _5000 there.
places_of() {
  repository=$(repository_of "$1")
  domain=${repository%%/*}
  case $domain in
    *:*) domain=${domain%:*}_${domain##*:} ;;
  esac
  printf '%s\n' "$registry_place/$domain/${repository#*/}" "$registry_place/${repository#*/}"
}

# Sets "registry_flags" for skopeo and podman, whose flags are the same but for a prefix.
find_registry_flags() {
  registry_flags=''
  case $registry in
    http://*) registry_flags=" --${1}tls-verify=false" ;;
  esac
  if [ -n "$ca" ]; then
    mkdir -p "$work/certificates"
    cat -- "$ca" >"$work/certificates/ca.crt"
    registry_flags="$registry_flags --${1}cert-dir=$work/certificates"
  fi
}
