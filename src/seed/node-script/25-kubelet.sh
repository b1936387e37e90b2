# ---- the runtime that the kubelet uses

# Sets "endpoint" to what this machine's kubelet was told: by its command line, or else by its configuration. Empty where
# there is no kubelet, or none that says it.
find_endpoint() {
  endpoint=''
  [ -n "$root" ] || endpoint=$(endpoint_of_processes)
  for file in var/lib/kubelet/kubeadm-flags.env etc/default/kubelet etc/sysconfig/kubelet \
    var/lib/kubelet/instance-config.yaml var/lib/kubelet/config.yaml etc/kubernetes/kubelet/config.json; do
    if [ -z "$endpoint" ] && [ -r "$root/$file" ]; then endpoint=$(endpoint_in <"$root/$file"); fi
  done
  endpoint=${endpoint#unix://}
  case $endpoint in
    /var/run/*) endpoint=/run/${endpoint#/var/run/} ;;
  esac
}

endpoint_of_processes() {
  for process in /proc/[0-9]*; do
    program=''
    { read -r program <"$process/comm"; } 2>/dev/null || continue
    [ "$program" = kubelet ] || continue
    arguments=$(tr '\000' '\n' <"$process/cmdline" 2>/dev/null) || continue
    found=$(printf '%s\n' "$arguments" | sed -n -e '/^--container-runtime-endpoint$/{n;p;}' -e 's/^--container-runtime-endpoint=//p')
    config=$(printf '%s\n' "$arguments" | sed -n -e '/^--config$/{n;p;}' -e 's/^--config=//p')
    [ -n "$found" ] || [ ! -r "$config" ] || found=$(endpoint_in <"$config")
    [ -z "$found" ] || { printf '%s' "$found" && return; }
  done
}

# A flag in a file of settings, or the field of a KubeletConfiguration in YAML or JSON.
endpoint_in() {
  sed -n -e 's/#.*//' -e 's/.*--container-runtime-endpoint[= ]["'\'']\{0,1\}\([^"'\'' ]*\).*/\1/p' \
    -e 's/^.*containerRuntimeEndpoint["'\'']\{0,1\}[[:space:]]*:[[:space:]]*["'\'']\{0,1\}\([^"'\'' ,}]*\).*/\1/p' | tail -n 1
}

# The method whose runtime has that socket. Nothing else will do: what another runtime holds, no kubelet sees.
detect_by_endpoint() {
  for candidate in $methods; do
    if find_step "$candidate" serves && "$step" "$endpoint"; then
      find_step "$candidate" detect && "$step" && return
      endpoint_of=$candidate
    fi
  done
  if [ -z "${endpoint_of:-}" ]; then
    address=$root$endpoint
    ! m_ctr_detect || return 0
  fi
  [ -S "$root$endpoint" ] || fail 3 "the kubelet uses the runtime at $endpoint, which does not run: there is no such socket; start it, or name another method with --method"
  fail 3 "the kubelet uses the runtime at $endpoint, and no client for it is found: name one with --ctr"
}
