const MIB = 1024 * 1024

/** Text that one segment of a patch gives: what is held at once, besides the base's. */
export const MAX_SEGMENT = 16 * MIB
/** Text of the base that one segment is made from. */
export const MAX_SEGMENT_BASE = 32 * MIB
/** A layer with more text travels whole; so does one of which the patch would be larger than this. */
export const MAX_LAYER_TEXT = 2 ** 31 - 2 ** 20
export const MAX_PATCH = 64 * MIB
/** Patches of one bundle: they are held until it is written. */
export const MAX_PATCHES = 128 * MIB
