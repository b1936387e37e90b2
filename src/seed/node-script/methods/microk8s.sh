# ---- method microk8s

m_microk8s_containerd() {
  detect_containerd microk8s /var/snap/microk8s/common/run/containerd.sock \
    /var/snap/microk8s/common/var/lib/containerd /snap/microk8s/current/bin/ctr
}

m_microk8s_config() {
  printf '%s\n' /var/snap/microk8s/current/args/containerd.toml
}
