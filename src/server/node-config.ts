/** How nodes reach the server. */
export interface ServedMirror {
  /** `https://10.0.0.5:5000` */
  readonly url: string
  /** Where on each node the certificate lies that the server's is checked with; left out when none is needed. */
  readonly caFile?: string | undefined
  /** What nodes ask before the server, such as a peer-to-peer cache on each of them; only containerd can do so. */
  readonly peer?: string | undefined
  /** Users and passwords are known only as such to the server, so the files have a place to fill in. */
  readonly needsPassword: boolean
}

/** A file on a node, and what it has to say there. */
export interface RuntimeConfigFile {
  readonly runtime: string
  readonly path: string
  readonly content: string
}

/**
 * The files that make containerd, k3s and RKE2, CRI-O and podman pull every image from the mirror.
 * `domains` are the upstream registries of the bundle.
 */
export function mirrorFiles(mirror: ServedMirror, domains: readonly string[]): RuntimeConfigFile[] {
  return [
    { runtime: 'containerd', path: '/etc/containerd/certs.d/_default/hosts.toml', content: hostsToml(mirror) },
    {
      runtime: 'k3s and RKE2',
      path: '/etc/rancher/k3s/registries.yaml (rke2 for RKE2)',
      content: registriesYaml(mirror),
    },
    {
      runtime: 'CRI-O and podman',
      path: '/etc/containers/registries.conf.d/nodeseed.conf',
      content: registriesConf(mirror, domains),
    },
  ]
}

/** `server` is the mirror too: without it containerd would try the real upstream last, and wait for its time-out. */
function hostsToml({ url, caFile, needsPassword, peer }: ServedMirror): string {
  return lines([
    '# containerd before 2.2 reads this only where its configuration says config_path = "/etc/containerd/certs.d".',
    `server = ${JSON.stringify(url)}`,
    '',
    peer && `[host.${JSON.stringify(peer)}]`,
    peer && '  capabilities = ["pull", "resolve"]',
    // Dragonfly's client asks what containerd calls the upstream, which nobody reaches, unless a header says better.
    peer && `  [host.${JSON.stringify(peer)}.header]`,
    peer && `    X-Dragonfly-Registry = ${JSON.stringify(url)}`,
    peer && '',
    `[host.${JSON.stringify(url)}]`,
    '  capabilities = ["pull", "resolve"]',
    caFile && `  ca = ${JSON.stringify(caFile)}`,
    needsPassword && `  [host.${JSON.stringify(url)}.header]`,
    needsPassword && '    authorization = "Basic <base64 of user:password>"',
  ])
}

function registriesYaml({ url, caFile, needsPassword }: ServedMirror): string {
  return lines([
    'mirrors:',
    '  "*":',
    '    endpoint:',
    `      - ${JSON.stringify(url)}`,
    (caFile || needsPassword) && 'configs:',
    (caFile || needsPassword) && `  ${JSON.stringify(new URL(url).host)}:`,
    caFile && '    tls:',
    caFile && `      ca_file: ${JSON.stringify(caFile)}`,
    needsPassword && '    auth:',
    needsPassword && '      username: <user>',
    needsPassword && '      password: <password>',
  ])
}

/** CRI-O sends no `?ns=`, so each upstream has its own path on the mirror. */
function registriesConf({ url }: ServedMirror, domains: readonly string[]): string {
  const { host, protocol } = new URL(url)
  return domains
    .map((domain) =>
      lines([
        '[[registry]]',
        `prefix = ${JSON.stringify(domain)}`,
        `location = ${JSON.stringify(domain)}`,
        '[[registry.mirror]]',
        `location = ${JSON.stringify(`${host}/${domain.replace(':', '_')}`)}`,
        protocol === 'http:' && 'insecure = true',
      ]),
    )
    .join('\n')
}

function lines(parts: readonly (string | undefined | false)[]): string {
  return `${parts.filter((part) => typeof part === 'string').join('\n')}\n`
}
