const MIB = 1024 * 1024

/** Text that one segment of a patch gives: what is held at once, besides the base's. */
export const MAX_SEGMENT = 16 * MIB
/** Text of the base that one segment is made from. */
export const MAX_SEGMENT_BASE = 32 * MIB
/** A layer with more text travels whole: positions in it are 32-bit numbers. */
export const MAX_LAYER_TEXT = 2 ** 31 - 2 ** 20
/** The first lines of a patch, which are held; with more the layer travels whole. */
export const MAX_HEAD = 8 * MIB
/** How a layer was compressed is held, too: with more the layer travels whole. */
export const MAX_DESCRIPTION = 32 * MIB
