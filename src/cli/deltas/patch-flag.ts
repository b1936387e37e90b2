import { Flags } from '@oclif/core'

/** Whether a delta brings new layers as patches; without it, where that can be. */
export const patchFlag = {
  patch: Flags.string({
    description: `bring new layers as patches of those of the bundles --since, where that saves bytes; they are for merge.
Default: on, where --since names a bundle; --no-patch is --patch=off`,
    options: ['on', 'off'],
  }),
}

/** The words of a command line in which `--patch` may stand by itself: it means on then. */
export function withPatchValue(words: readonly string[]): string[] {
  const end = words.indexOf('--')
  return words.map((word, at) => {
    if (end >= 0 && at > end) return word
    if (word === '--no-patch') return '--patch=off'
    const next = words[at + 1]
    return word === '--patch' && next !== 'on' && next !== 'off' ? '--patch=on' : word
  })
}
