import type { Digest } from '../../oci/digest.ts'
import type { Endpoint } from '../config/endpoint.ts'

/** Who gave the beginning of each blob, so that what gave wrong bytes once is not asked for them again. */
export class Givers {
  readonly #last = new Map<Digest, string>()
  readonly #distrusted = new Map<Digest, string[]>()

  note(digest: Digest, { base }: Endpoint): void {
    this.#last.set(digest, base.host)
  }

  /** The hosts that gave this blob wrong, with the one that gave it last. */
  distrust(digest: Digest): readonly string[] {
    const hosts = this.#distrusted.get(digest) ?? []
    const last = this.#last.get(digest)
    if (last === undefined) return hosts
    this.#last.delete(digest)
    this.#distrusted.set(digest, [...hosts, last])
    return this.#distrusted.get(digest) ?? []
  }
}
