/** How a flag of a program that is handed images goes on. */
export type FlagForm =
  /** Its value is the next word. */
  | 'value'
  /** It has none, or has it in the same word. */
  | 'alone'
  /** Nobody here knows: the next word may be its value, or not. */
  | 'unknown'

const set = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/))

/** Of docker, podman, nerdctl, buildah, ctr, crictl, skopeo, crane, oras, kind, k3d and minikube: no name means two things. */
const WITH_VALUE = set(`
  add-host additional-tag address addr annotation annotation-file apparmor-profile arch attach auth authfile base-image
  blkio-weight blkio-weight-device blockio-class blockio-config-file builder cap-add cap-drop cert-dir cgroup cgroup-conf
  cgroup-manager cgroup-parent cgroupns cgroups chrootdirs cidfile cluster cni-config-dir cni-netconfpath cni-path
  cni-plugin-path concurrency config connect-timeout context cosign-certificate-identity
  cosign-certificate-identity-regexp cosign-certificate-oidc-issuer cosign-certificate-oidc-issuer-regexp cosign-key
  cpu-count cpu-percent cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares cpus cpuset-cpus cpuset-mems creds
  cwd data-root decryption-key dest dest-authfile dest-cert-dir dest-compress-format dest-compress-level dest-creds
  dest-daemon-host dest-password dest-registry-token dest-shared-blob-dir dest-username detach-keys device
  device-cgroup-rule device-read-bps device-read-iops device-write-bps device-write-iops digestfile dns dns-opt dns-option
  dns-search domainname encryption-key entrypoint env env-file env-merge expose fifo-dir file format gidmap gpus
  group-add group-entry health-cmd health-interval health-log-destination health-max-log-count health-max-log-size
  health-on-failure health-retries health-start-interval health-start-period health-startup-cmd health-startup-interval
  health-startup-retries health-startup-success health-startup-timeout health-timeout host hostname hosts-dir hosts-file
  hostuser image-volume init-ctr init-path io-maxbandwidth io-maxiops ip ip6 ipc ipfs-address isolation kernel-memory
  label label-file link link-local-ip log-driver log-level log-opt log-uri mac-address
  max-concurrent-downloads memory memory-limit memory-reservation memory-swap memory-swappiness metadata-file mode module
  mount multi-arch name namespace net net-alias network network-alias network-cmd-path node nodes oom-score-adj os
  override-arch override-os override-variant output passwd-entry personality pid pid-file pidfile pids-limit
  platform pod pod-config pod-id-file policy preserve-fd preserve-fds profile progress publish pull-timeout rdt-class
  registries.d requires restart retry retry-delay retry-times runc-binary runc-root runtime runtime-config-path
  runtime-endpoint image-endpoint rootfs-propagation sandbox sdnotify seccomp-policy seccomp-profile secret security-opt
  shm-size shm-size-systemd sign-by sign-by-sigstore sign-by-sigstore-private-key sign-passphrase-file signature-policy
  snapshotter snapshotter-label soci-index-digest src src-authfile src-cert-dir src-creds src-daemon-host src-password
  src-registry-token src-shared-blob-dir src-username stop-signal stop-timeout storage-driver storage-opt subgidname
  subuidname sysctl systemd tag timeout tls-ca tls-cert tls-key tlscacert tlscert tlskey tmpfs tz uidmap ulimit umask
  unpack unsetenv user userns uts variant verify volume volume-driver volumes-from with-ns workdir working-dir`)

const ALONE = set(`
  all all-metadata all-platforms all-tags allow-nondistributable-artifacts append cni daemon debug detach
  disable-content-trust dry-run env-host force help http-dump http-proxy http-trace init insecure insecure-policy
  insecure-registry interactive k8s keep-tarball keep-tools local multi-image-archive net-host no-healthcheck no-hostname
  no-hosts no-pivot no-trunc null-io oom-kill-disable overwrite plain-http prefer-index preserve-digests print-chainid
  privileged publish-all quiet read-only read-only-tmpfs recursive remote remove-signatures replace rm rmi
  rootfs runc-systemd-cgroup scoped seccomp sig-proxy skip-verify src-no-creds dest-no-creds dest-compress
  dest-decompress src-tls-verify dest-tls-verify tls-verify tty unsetenv-all use-api-socket verbose`)

/** Letters of one dash, of which several may stand together; the meaning hangs on what is done. */
interface Letters {
  readonly value: string
  readonly alone: string
}
/** By what is done: something is run, an index is made, or images are moved. */
const LETTERS: Readonly<Record<Doing, Letters>> = {
  run: { value: 'acehlmnpuvw', alone: 'ditqPk' },
  index: { value: 'tf', alone: 'D' },
  move: { value: 'cfnopu', alone: 'adklmqvt' },
}
export type Doing = 'run' | 'index' | 'move'

/** How a word that begins with a dash goes on. */
export function formOfFlag(word: string, doing: Doing): FlagForm {
  if (word.startsWith('--')) {
    if (word.includes('=') || word === '--') return 'alone'
    const name = word.slice(2)
    return WITH_VALUE.has(name) ? 'value' : ALONE.has(name) ? 'alone' : 'unknown'
  }
  // Also with one dash: `crane -platform x`.
  if (WITH_VALUE.has(word.slice(1)) && word.length > 3) return 'value'
  const { value, alone } = LETTERS[doing]
  for (let at = 1; at < word.length; at++) {
    const letter = word[at] ?? ''
    if (value.includes(letter)) return at === word.length - 1 ? 'value' : 'alone'
    if (!alone.includes(letter)) return at === word.length - 1 && /[A-Za-z]/.test(letter) ? 'unknown' : 'alone'
  }
  return 'alone'
}
