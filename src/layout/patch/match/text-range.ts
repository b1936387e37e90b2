/** A range of bytes. */
export type TextRange = readonly [offset: number, length: number]

/** A file of a layer: its headers and its content, as a range of the layer's text. */
export interface TextEntry {
  readonly name: string
  readonly offset: number
  readonly length: number
}

const MIB = 1024 * 1024

/** Text that one segment of a patch gives: what is held at once, besides the base's. */
export const MAX_SEGMENT = 16 * MIB
/** Text of the base that one segment is made from. */
export const MAX_SEGMENT_BASE = 32 * MIB
