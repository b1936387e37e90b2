import { ExpectedError } from '../errors.ts'
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

  /** Of the message: each cause once, with the images that it keeps from arriving, and each hint once. */
  constructor(failures: readonly ImageFailure[], total: number, problem = 'cannot be had') {
    const count = `${failures.length} of ${countOf(total, 'image')} ${problem}`
    super('IMAGES_FAILED', [count, ...causesOf(failures)].join('\n'))
    this.failures = failures
  }
}

function causesOf(failures: readonly ImageFailure[]): string[] {
  const hinted = new Set<string>()
  return [...Map.groupBy(failures, causeOf)].flatMap(([cause, group]) => {
    const hints = new Set(group.flatMap(({ error: { hint } }) => hint ?? []))
    const fresh = [...hints].filter((hint) => !hinted.has(hint))
    for (const hint of fresh) hinted.add(hint)
    return [...linesOf(cause, group), ...fresh.map((hint) => `    try: ${hint}`)]
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
  const parsed = findReference(reference)
  const own = [reference, ...(parsed ? [repositoryName(parsed), parsed.path] : [])].filter((name) => name.includes('/'))
  const problem = isUnreached(error)
    ? (problemOf(failure).split(`${error.data.registry}: `).at(-1) ?? '')
    : own.reduce((text, name) => text.replaceAll(name, '…'), problemOf(failure))
  return `${problem.replace(/\bsha(?:256|384|512):[0-9a-f]{8,}/g, '…')} [${error.code}]`
}

function isUnreached({ code, data }: ExpectedError): boolean {
  return code === 'REGISTRY_UNREACHABLE' && data.registry !== undefined
}

/** The message without the image that it begins with. */
function problemOf({ reference, error: { message } }: ImageFailure): string {
  return message.replace(`image ${reference}: `, '').replace(`${reference}: `, '')
}
