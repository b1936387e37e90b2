# ---- method containerd

m_containerd_containerd() {
  detect_containerd containerd /run/containerd/containerd.sock /var/lib/containerd \
    "$(command -v ctr || :)" /usr/local/bin/ctr /usr/bin/ctr /opt/bin/ctr
}

m_containerd_config() {
  printf '%s\n' /etc/containerd/config.toml
}
