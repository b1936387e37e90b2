# ---- method k0s

m_k0s_containerd() {
  detect_containerd k0s /run/k0s/containerd.sock /var/lib/k0s/containerd /usr/local/bin/k0s /usr/bin/k0s /opt/bin/k0s
}

m_k0s_images() {
  printf '%s' /var/lib/k0s/images
}

m_k0s_config() {
  printf '%s\n' /etc/k0s/containerd.toml /run/k0s/containerd-cri.toml
}
