import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { About } from '../../audit/report/html.ts'
import type { AuditResult } from '../../audit/report/report.ts'
import type { Lock } from '../../bundle/format/lock.ts'
import { setTerms } from '../../bundle/page/set-terms.ts'
import { digestOf } from '../../oci/digest.ts'
import { countOf, listNames } from '../../plural.ts'

interface AboutFlags {
  readonly date?: string | undefined
  readonly nodes?: string | undefined
  readonly cluster: boolean
  readonly context?: string | undefined
  readonly bundle?: string | undefined
  readonly placement?: string | undefined
  readonly mirror: boolean
  readonly 'assume-seeded': boolean
  readonly 'always-pull-images': boolean
}

interface AboutInputs {
  readonly inputs: readonly string[]
  /** All that was read, with what directories hold. */
  readonly files: readonly string[]
  readonly lock: Lock | undefined
  readonly version: string
}

/**
 * What a page of an audit says of itself, for whoever signs it. No clock is read: the date is the one that was given, and
 * the digest says which inputs the answer is about, so that the same inputs give the same page.
 */
export async function pageAbout(
  { workloads, nodeClasses }: AuditResult,
  flags: AboutFlags,
  { inputs, files, lock, version }: AboutInputs,
): Promise<About> {
  const nodes = nodeClasses.reduce((sum, { nodes: own }) => sum + own.length, 0)
  const assumed = [
    ...(flags['assume-seeded'] ? ['every node holds the bundle (--assume-seeded)'] : []),
    ...(flags.mirror ? ['a mirror answers for the images (--mirror)'] : []),
    ...(flags['always-pull-images'] ? ['AlwaysPullImages is on (--always-pull-images)'] : []),
  ]
  const cluster = flags.cluster ? (flags.context ?? 'the current context of kubectl') : `as in ${flags.nodes}`
  return [
    ...(flags.date === undefined ? [] : [['Date', flags.date] as const]),
    ['Cluster', cluster],
    ['Inputs', inputs.length > 0 ? listNames(inputs) : 'what the cluster runs'],
    ['Digest of the inputs', await inputsDigest(files)],
    ['Bundle', flags.bundle === undefined ? 'none named' : bundleText(flags.bundle, lock)],
    ...setTerms(lock),
    ...(flags.placement === undefined ? [] : [['Placement', flags.placement] as const]),
    ...(assumed.length > 0 ? [['Only supposed', assumed.join('; ')] as const] : []),
    ['Judged', `${countOf(workloads.length, 'workload')} on ${countOf(nodes, 'node')}`],
    ['Made by', `nodeseed ${version}`],
  ]
}

function bundleText(file: string, lock: Lock | undefined): string {
  return lock ? `${file}, ${countOf(lock.images.length, 'image')}` : file
}

/**
 * One digest of the bytes of all files that were read, by name, and of all that lies below directories; of what comes from
 * standard input or a cluster there is none.
 */
async function inputsDigest(named: readonly string[]): Promise<string> {
  const files = await Promise.all([...new Set(named)].map(filesAt))
  const lines: string[] = []
  for (const file of files.flat().sort()) {
    const hash = createHash('sha256')
    await pipeline(createReadStream(file), hash)
    lines.push(`${hash.digest('hex')}  ${file}`)
  }
  return lines.length === 0 ? 'none: nothing was read from files' : digestOf(Buffer.from(lines.join('\n')))
}

async function filesAt(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile()) return [path]
  if (!found?.isDirectory()) return []
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
}
