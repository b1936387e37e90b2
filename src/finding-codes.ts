import { AUDIT_CODES } from './codes/audit-codes.ts'
import type { Severity } from './codes/code.ts'
import { IMAGE_CODES } from './codes/image-codes.ts'
import { INPUT_CODES } from './codes/input-codes.ts'
import { NAMED_IMAGE_CODES } from './codes/named-image-codes.ts'
import { NAMESPACE_CODES } from './codes/namespace-codes.ts'
import { SEED_CODES } from './codes/seed-codes.ts'

/** Every code that a finding can have. A new finding is one row here, in the part of its room, and the place that finds it. */
export const FINDING_CODES = {
  ...INPUT_CODES,
  ...IMAGE_CODES,
  ...SEED_CODES,
  ...AUDIT_CODES,
  ...NAMED_IMAGE_CODES,
  ...NAMESPACE_CODES,
} as const

export type FindingCode = keyof typeof FINDING_CODES

/** The severities that findings of a code may have: that of its row, and those that the row allows besides. */
export type SeverityOf<C extends FindingCode> =
  | (typeof FINDING_CODES)[C]['severity']
  | ((typeof FINDING_CODES)[C] extends { readonly orElse: readonly (infer S extends Severity)[] } ? S : never)
