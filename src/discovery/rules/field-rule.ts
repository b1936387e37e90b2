/** Says where a kind names an image: one of {@link KNOWN_FIELDS}, or a user's own. */
export interface FieldRule {
  /** API group; any where it is left out. */
  readonly group?: string
  readonly kind: string
  /** From the resource's root: `spec.engines[*].image`; `*` stands for any key, `[*]` for any entry, `**` for any way down. */
  readonly path: string
  /** Where the parts stand that make the reference, from the value at `path`; from the root with `$.` before; the first that is there of `a|b`. */
  readonly parts?: Readonly<Partial<Record<PartName, string>>>
  /**
   * The reference that an operator makes: `quay.io/x/{kind:-server}:{}`. Braces hold the value at `path`, or one that a
   * path leads to, as in `parts`; what is behind `:-` where there is none. Without a value the rule says nothing.
   */
  readonly image?: string
  /** Nothing is said where one of these is set: paths as in `parts`. */
  readonly unless?: string
  /** Only values at `path` of this form. */
  readonly matches?: RegExp
  /** Only references with a tag or a digest. */
  readonly isWhole?: boolean
  /** Only values that hold exactly these. */
  readonly where?: Readonly<Record<string, string>>
  /** A transport before the reference, without which the text is something else: `oci://`. */
  readonly prefix?: string
  /** Nothing at or below the path is an image. */
  readonly ignore?: boolean
}

export const PART_NAMES = ['registry', 'repository', 'tag', 'digest'] as const

export type PartName = (typeof PART_NAMES)[number]
