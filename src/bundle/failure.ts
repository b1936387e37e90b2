import { ExpectedError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { findReference, repositoryName } from '../oci/reference.ts'
import { countOf, listNames } from '../plural.ts'

/** An image that could not be had, and why. */
export interface ImageFailure {
  readonly reference: string
  readonly error: ExpectedError
}

/** One error for all images that failed: a run goes past each of them and reports them together. */
export class ImagesFailedError extends ExpectedError {
  readonly failures: readonly ImageFailure[]
  /** Where parts of images are what failed: which. */
  readonly blobs: ReadonlyMap<Digest, ExpectedError>
  readonly #total: number
  readonly #problem: string

  /** Of the message: each cause once, with the images that it keeps from arriving, and each hint once. */
  constructor(
    failures: readonly ImageFailure[],
    total: number,
    problem = 'cannot be had',
    { hint, blobs = new Map() }: { hint?: string | undefined; blobs?: ReadonlyMap<Digest, ExpectedError> } = {},
  ) {
    const count = `${failures.length} of ${countOf(total, 'image')} ${problem}`
    super('IMAGES_FAILED', [count, ...causesOf(failures)].join('\n'), { hint })
    this.failures = failures
    this.blobs = blobs
    this.#total = total
    this.#problem = problem
  }

  /** The same of the same images, where more is known of why they failed. */
  withFailures(failures: readonly ImageFailure[]): ImagesFailedError {
    return new ImagesFailedError(failures, this.#total, this.#problem, { hint: this.hint, blobs: this.blobs })
  }
}

function causesOf(failures: readonly ImageFailure[]): string[] {
  const hinted = new Set<string>()
  return [...Map.groupBy(failures, causeOf)].flatMap(([cause, group]) => {
    const fresh = hintsOf(group).filter((hint) => !hinted.has(hint))
    for (const hint of fresh) hinted.add(hint)
    return [...linesOf(cause, group), ...fresh.map((hint) => `    try: ${hint}`)]
  })
}

/** What to do about one cause; of hints that differ in the names of their images alone, the first stands for all. */
function hintsOf(group: readonly ImageFailure[]): string[] {
  const hinting = group.flatMap(({ reference, error: { hint } }) => (hint ? [{ reference, hint }] : []))
  const alike = Map.groupBy(hinting, ({ reference, hint }) => withoutNames(hint, reference))
  return [...alike.values()].map((same) => {
    const [first = '', ...others] = new Set(same.map(({ hint }) => hint))
    return others.length === 0 ? first : `${first} And so for the other ${others.length}.`
  })
}

function linesOf(cause: string, group: readonly ImageFailure[]): string[] {
  const [first] = group
  if (first && group.length === 1) return [`  ${first.reference}: ${problemOf(first)} [${first.error.code}]`]
  const registries = new Set(group.flatMap(({ error }) => (isUnreached(error) ? (error.data.registry ?? []) : [])))
  const where = registries.size > 0 ? ` of ${listNames([...registries])}` : ''
  return [
    `  ${countOf(group.length, 'image')}${where}: ${cause}`,
    `    ${listNames(group.map(({ reference }) => reference))}`,
  ]
}

/**
 * What images that fail in the same way have in common: the problem without the names and digests of the one image, and
 * without the registry where none is reached, as then it is not the registry.
 */
function causeOf(failure: ImageFailure): string {
  const { reference, error } = failure
  const problem = isUnreached(error)
    ? (problemOf(failure).split(`${error.data.registry}: `).at(-1) ?? '')
    : withoutNames(problemOf(failure), reference)
  return `${problem.replace(/\bsha(?:256|384|512):[0-9a-f]{8,}/g, '…')} [${error.code}]`
}

function withoutNames(text: string, reference: string): string {
  const parsed = findReference(reference)
  const own = [reference, ...(parsed ? [repositoryName(parsed), parsed.path] : [])].filter((name) => name.includes('/'))
  return own.reduce((rest, name) => rest.replaceAll(name, '…'), text)
}

function isUnreached({ code, data }: ExpectedError): boolean {
  return code === 'REGISTRY_UNREACHABLE' && data.registry !== undefined
}

/** The message without the image that it begins with. */
function problemOf({ reference, error: { message } }: ImageFailure): string {
  return [`image ${reference}: `, `${reference}: `, `${reference} `].reduce(
    (rest, name) => (rest.startsWith(name) ? rest.slice(name.length) : rest),
    message,
  )
}
