# ---- method rke2

m_rke2_containerd() {
  detect_containerd rke2 /run/k3s/containerd/containerd.sock /var/lib/rancher/rke2/agent/containerd \
    /var/lib/rancher/rke2/bin/ctr
}

m_rke2_images() {
  printf '%s' /var/lib/rancher/rke2/agent/images
}

m_rke2_config() {
  printf '%s\n' /var/lib/rancher/rke2/agent/etc/containerd/config.toml
}
