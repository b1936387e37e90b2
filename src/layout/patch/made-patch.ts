import type { UnnamedFile } from '../files/unnamed-file.ts'

/** What came of making a patch: it, in a file to be closed, or why the layer must travel whole, for people. */
export type MadePatch = { readonly patch: UnnamedFile } | { readonly whole: string }

/** Ends the making of a patch. */
export class TravelsWhole extends Error {}

/** Why a layer travels whole whose patch would save nothing. */
export const NO_GAIN = 'a patch would not be smaller'
