import { ImagesFailedError } from '../../bundle/failure.ts'
import { type MovedTag, TagsUnaskedError } from '../../bundle/lock/moved-tags.ts'
import type { ExpectedError } from '../../errors.ts'
import { findReference } from '../../oci/reference.ts'
import { LeftOutError, type Omission } from './omissions.ts'
import { UnsignedError } from './unsigned-error.ts'

/** One failure of an image, as `--json` prints it; what is unknown is null. */
interface FailureJson {
  readonly reference: string
  readonly code: string
  readonly registry: string | null
  /** The HTTP status of the registry's answer. */
  readonly status: number | null
  readonly message: string
  readonly hint: string
}

/** What `--json` prints instead of an answer. */
interface ErrorJson {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly hint: string
    readonly registry?: string
    readonly status?: number
    readonly reference?: string
  }
  /** One entry for each image that failed. */
  readonly failures?: readonly FailureJson[]
  /** Of the tags that could be asked about, those that stand for another digest now. */
  readonly moved?: readonly MovedTag[]
  /** What is left out and was not allowed to be. */
  readonly omissions?: readonly Omission[]
}

/** A failure for programs. */
export function failureJson(error: ExpectedError): ErrorJson {
  const { code, message, advice, data } = error
  return {
    error: { code, message, hint: advice, ...data },
    ...(error instanceof ImagesFailedError && {
      failures: error.failures.map((one) => ({
        reference: one.reference,
        code: one.error.code,
        registry: one.error.data.registry ?? findReference(one.reference)?.domain ?? null,
        status: one.error.data.status ?? null,
        message: one.error.message,
        hint: one.error.advice,
      })),
    }),
    ...(error instanceof TagsUnaskedError && { moved: error.moved }),
    ...((error instanceof LeftOutError || error instanceof UnsignedError) && { omissions: error.omissions }),
  }
}

/** A failure for people: what, what to do, and the code to look up with `nodeseed explain`. */
export function failureText({ message, code, advice }: ExpectedError): string {
  return `error: ${message}\n  try: ${advice}\n  code: ${code}`
}

/** What nobody foresaw, for people: with its stack, so that it can be reported. */
export function bugText({ stack, message }: Error): string {
  return `bug: ${stack ?? message}\n  try: ${REPORT}\n  code: BUG`
}

/** What nobody foresaw, for programs. */
export function bugJson({ message }: Error): ErrorJson {
  return { error: { code: 'BUG', message, hint: REPORT } }
}

const REPORT = 'Report it with the command line and what stands above: it is a fault of nodeseed.'
