const MIB = 1024 * 1024

/** A layer with more text travels whole: nothing that unpacks to more is met, but what is made to fill a disk. */
export const MAX_LAYER_TEXT = 64 * 1024 * MIB
/** The first lines of a patch, which are held; with more the layer travels whole. */
export const MAX_HEAD = 8 * MIB
/** How a layer was compressed is held, too: with more the layer travels whole. */
export const MAX_DESCRIPTION = 32 * MIB
