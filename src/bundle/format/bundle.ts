import type { Finding } from '../../finding.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Lock } from './lock.ts'
import type { BundleTable } from './table.ts'

/** Content of which it is known what its images are: a bundle says it itself. */
export interface LockedContent extends Content {
  readonly lock: Lock
  /** What is in it and is no image with a name. */
  readonly leftOut?: readonly Finding[]
}

/** A bundle that is open. */
export interface Bundle extends LockedContent {
  /** Bytes of the whole file. */
  readonly size: number
  readonly table: BundleTable
  /** A file that is no blob, such as `index.json` or `nodeseed/seed.sh`; undefined when it is not there. */
  readFile(name: string): Promise<Uint8Array | undefined>
  /** A carried file of any size; it throws at its end unless it is what the table says. */
  openFile(name: string): AsyncIterable<Uint8Array>
}
