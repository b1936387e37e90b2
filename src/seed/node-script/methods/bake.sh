# ---- method bake

# A containerd of our own over the image's directory, ended when the script ends.
m_bake_detect() {
  [ -n "$root" ] || fail 2 "bake needs --root: the directory of the machine image"
  ctr=${ctr:-$(command -v ctr || :)}
  [ -x "$ctr" ] || fail 3 "bake needs ctr on this machine"
  command -v containerd >/dev/null || fail 3 "bake needs containerd on this machine"
  address=$work/containerd.sock storage=${storage:-$root/var/lib/containerd}
  mkdir -p -- "$storage"
  printf 'version = 2\nroot = "%s"\nstate = "%s"\ndisabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]\n[grpc]\n  address = "%s"\n' \
    "$storage" "$work/state" "$address" >"$work/config.toml"
  containerd --config "$work/config.toml" >"$work/containerd.log" 2>&1 &
  containerd_pid=$!
  tries=0
  until run_ctr version >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || fail 3 "containerd does not start: $(tail -n 1 "$work/containerd.log")"
    sleep 0.1 2>/dev/null || sleep 1
  done
  runtime=containerd method=ctr
}
