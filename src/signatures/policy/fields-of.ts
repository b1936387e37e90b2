import { ExpectedError } from '../../errors.ts'
import type { Document } from '../../kubernetes/documents/document.ts'
import type { Path } from '../../kubernetes/documents/path.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'

/** A value of a policy file, and where it stands. What is not understood is refused: it might be what was relied on. */
export class Field {
  readonly value: unknown
  readonly path: Path
  readonly #document: Document

  constructor(document: Document, path: Path, value: unknown) {
    this.#document = document
    this.path = path
    this.value = value
  }

  /** @throws {ExpectedError} INPUT_INVALID, naming file and line */
  refuse(problem: string, hint?: string): never {
    const { file } = this.#document
    const name = this.path.filter((step) => typeof step === 'string').join('.')
    throw new ExpectedError('INPUT_INVALID', `${file}:${this.#document.lineOf(this.path)}: ${name}: ${problem}`, {
      hint: hint ?? 'docs/signatures.md says what a policy may hold.',
    })
  }

  get isThere(): boolean {
    return this.value !== undefined && this.value !== null
  }

  /** The fields of a map, of which there may be only these. */
  only<const K extends string>(...known: readonly K[]): Record<K, Field> {
    const value = this.isThere ? this.value : {}
    if (!isObject(value)) return this.refuse(`has to be a map of: ${known.join(', ')}`)
    const other = Object.keys(value).find((key) => !known.includes(key as K))
    if (other !== undefined) this.at(other).refuse('is not supported here', UNSUPPORTED[other])
    return Object.fromEntries(known.map((key) => [key, this.at(key)])) as Record<K, Field>
  }

  at(key: string): Field {
    const value = isObject(this.value) && Object.hasOwn(this.value, key) ? this.value[key] : undefined
    return new Field(this.#document, [...this.path, key], value)
  }

  /** The entries of a list that is not empty. */
  list(): Field[] {
    if (!Array.isArray(this.value) || this.value.length === 0) return this.refuse('has to be a list that is not empty')
    return this.value.map((entry, index) => new Field(this.#document, [...this.path, index], entry))
  }

  text(): string {
    return typeof this.value === 'string' && this.value !== '' ? this.value : this.refuse('has to be a text')
  }

  optionalText(): string | undefined {
    return this.isThere ? this.text() : undefined
  }

  word(): string {
    const text = this.text()
    return /[\s\p{Cc}\p{Cf}]/u.test(text) ? this.refuse('has to be one word') : text
  }

  oneOf<const T extends string>(values: readonly T[], otherwise: T): T {
    if (!this.isThere) return otherwise
    return values.find((value) => value === this.value) ?? this.refuse(`has to be one of ${values.join(', ')}`)
  }

  truth(): boolean {
    if (!this.isThere) return false
    return typeof this.value === 'boolean' ? this.value : this.refuse('has to be true or false')
  }
}

const UNSUPPORTED: Readonly<Record<string, string>> = {
  secretRef: 'Put the public key itself there: data, with the text of the key in PEM.',
  kms: 'Put the public key itself there: data, with the text of the key in PEM (cosign public-key --key KMS prints it).',
  source: 'Signatures are looked for beside the image, where cosign puts them.',
  attestations: 'Only signatures of images are checked. Leave the attestations out of the policy that is given here.',
  policy: 'No program of CUE or Rego is run. Leave it out of the policy that is given here.',
  match: 'Images are judged, not the resources that name them. Leave it out of the policy that is given here.',
  remote: 'Nothing is fetched: give the keys themselves as sigstoreKeys, or a trusted_root.json with --trusted-root.',
  repository: 'Give the keys themselves as sigstoreKeys, or a trusted_root.json with --trusted-root.',
}
