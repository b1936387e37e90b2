# ---- method k3s

m_k3s_containerd() {
  detect_containerd k3s /run/k3s/containerd/containerd.sock /var/lib/rancher/k3s/agent/containerd \
    /usr/local/bin/k3s /opt/bin/k3s /usr/bin/k3s /var/lib/rancher/k3s/data/current/bin/ctr
}

m_k3s_images() {
  printf '%s' /var/lib/rancher/k3s/agent/images
}

m_k3s_config() {
  printf '%s\n' /var/lib/rancher/k3s/agent/etc/containerd/config.toml
}
