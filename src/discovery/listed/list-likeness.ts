import { findReference } from '../../oci/reference.ts'
import { listedEntries } from '../classify/listed-lines.ts'
import { hasVersion, likelihoodOf } from '../classify/reference-likelihood.ts'

/**
 * Whether a text that nobody named as one is a list of images: `list` where each line is a reference, most with a
 * version; `unsure` where many lines name images beside something else, or few in a file whose name says images.
 */
export function listLikeness(sample: string, name: string): 'list' | 'unsure' | 'none' {
  const lines = listedEntries(sample).filter((line) => line !== '')
  if (lines.length === 0) return 'none'
  const likely = lines.filter(isLikely).length
  const isWhole = lines.every((line) => findReference(line) !== undefined)
  if (isWhole && likely * 2 >= lines.length) return 'list'
  const mentions = lines.filter((line) => line.split(/[\s,;=|"']+/, MAX_WORDS).some(isLikely)).length
  return mentions * 2 >= lines.length || (mentions > 0 && /imag/i.test(name)) ? 'unsure' : 'none'
}

const MAX_WORDS = 8

function isLikely(word: string): boolean {
  return hasVersion(word) && ['strong', 'medium'].includes(likelihoodOf(word))
}
