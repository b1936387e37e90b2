/** Who we are to a server that asks for a certificate: PEM. The key may stand in the same text. */
export interface ClientCertificate {
  readonly certificate: string
  readonly key: string
}

/** What it takes, besides an address, to speak with a host. */
export interface HostSettings {
  /** PEM: authorities to trust besides the usual ones. */
  readonly ca?: readonly string[]
  readonly clients?: readonly ClientCertificate[]
  /** Any certificate will do. */
  readonly skipVerify?: boolean
  /** Sent to this host and to no other. */
  readonly headers?: Readonly<Record<string, string | string[]>>
  /** Milliseconds until a connection must be there. */
  readonly connectTimeout?: number
  /** Address of a proxy, whatever the environment says. */
  readonly proxy?: string
}
