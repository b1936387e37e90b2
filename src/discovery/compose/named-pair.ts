import { hasVersion, likelihoodOf } from '../classify/reference-likelihood.ts'
import { type Entry, tagText } from './compose-reference.ts'

/** A reference whose parts are called as those of other things are. */
interface NamedPair {
  readonly reference: string
  readonly base: Entry
  readonly version: Entry
  /** Charts and packages have versions too. */
  readonly isSure: boolean
}

const BASES = ['newName', 'name']
const VERSIONS = ['newTag', 'tag', 'digest', 'version']
const TAG = /^(?:sha256:[0-9a-f]{64}|\w[\w.+-]{0,127})$/

/** `{name: quay.io/team/app, tag: v1}`: a name that is a path in a registry, with a tag. */
export function namedPairOf(entries: readonly Entry[]): NamedPair | undefined {
  const base = firstOf(BASES, entries)
  const version = base && firstOf(VERSIONS, entries)
  if (!base || !version || hasVersion(base.text) || !TAG.test(version.text)) return undefined
  if (likelihoodOf(base.text) !== 'medium') return undefined
  const reference = `${base.text}${tagText(version.text)}`
  if (likelihoodOf(reference) === 'none') return undefined
  return { reference, base, version, isSure: version.name !== 'version' }
}

function firstOf(names: readonly string[], entries: readonly Entry[]): Entry | undefined {
  for (const name of names) {
    for (const entry of entries) if (entry.name === name && entry.text !== '') return entry
  }
  return undefined
}
