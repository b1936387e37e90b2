import { readKey } from '../../classify/key.ts'
import { isOfficialWord } from '../../classify/reference-likelihood.ts'
import { compose } from '../../compose/compose-reference.ts'
import { handedImages, isImage } from './handed-images.ts'
import { imagesListedInFile } from './listed-files.ts'
import { wordsOf } from './shell-words.ts'

/** An image that a line hands to a program, and the program. */
export interface CommandImage {
  readonly reference: string
  readonly program: string
}

/** `kubectl set image deployment/web web=ref`, `kustomize edit set image web=ref`. */
const SETS = /\b(kubectl|oc|kustomize)\s(?:.{0,200}?\s)?set\s+image\s+(.+)/
/** `for image in a b; do`. */
const LOOP = /\bfor\s+\w+\s+in\s+(.+?)\s*(?:;|$)/
/** `--mount type=image,source=ref,target=/models`: an image of which a container sees the files. */
const MOUNTED = /\btype=image,(?:[^\s,]{1,200},)?(?:source|src)=([^\s,"']{1,512})/g
/** `helm upgrade web chart --set image.repository=x,image.tag=1`. */
const HELM = /\bhelm\s(?:.{0,400}?\s)?(?:install|upgrade|template)\s/
const HELM_VALUES = /^--set(?:-string|-literal)?$/

/** The images that a command of a script pulls, runs, copies or sets. */
export function imagesInCommand(line: string): CommandImage[] {
  if (imagesListedInFile(line).length > 0) return []
  const handed = () => handedImages(line).flatMap(({ isOpen, ...image }) => (isOpen ? [] : [image]))
  const mounted = Array.from(line.matchAll(MOUNTED), ([, reference = '']) => ({ reference, program: 'a mount' }))
  return [...(imagesToldOtherwise(line, isImage) ?? handed()), ...mounted.filter(({ reference }) => isImage(reference))]
}

/**
 * Those of commands that are told images in values, and of loops; undefined where a command is none of these. `isOne`
 * tells which values are images.
 */
export function imagesToldOtherwise(line: string, isOne: (word: string) => boolean): CommandImage[] | undefined {
  const [, setter, sets] = SETS.exec(line) ?? []
  if (sets) {
    const values = wordsOf(sets).flatMap((word) => (word.startsWith('-') ? [] : (/=(.+)$/.exec(word)?.[1] ?? [])))
    const isSet = (word: string) => isOne(word) || isOfficialWord(word)
    return values.filter(isSet).map((reference) => ({ reference, program: `${setter} set image` }))
  }
  if (HELM.test(line)) return imagesInValues(line, isOne)
  const looped = LOOP.exec(line)?.[1]
  const items = looped ? wordsOf(looped) : []
  const isLoop = items.length > 0 && items.every(isImage)
  return isLoop ? items.map((reference) => ({ reference, program: 'a loop' })) : undefined
}

function imagesInValues(line: string, isOne: (word: string) => boolean): CommandImage[] {
  const words = wordsOf(line)
  const given = words.flatMap((word, at) => {
    if (HELM_VALUES.test(word)) return words[at + 1] ?? []
    return /^--set(?:-string|-literal)?=(.+)$/s.exec(word)?.[1] ?? []
  })
  const pairs = given.flatMap((values) => values.split(','))
  const entries = pairs.flatMap((pair, index) => {
    const [, name, text] = /^([^=]+)=(.+)$/.exec(pair) ?? []
    return name && text ? [{ name, text, path: [index] }] : []
  })
  const { found, taken } = compose(entries, { ofImage: 'below' })
  const isSingle = ({ name, text }: { name: string; text: string }) =>
    isImage(text) || (readKey(name).role === 'image' && isOne(text))
  const single = entries.filter((entry) => !taken.has(entry) && isSingle(entry)).map(({ text }) => text)
  return [...found.map(({ reference }) => reference), ...single]
    .filter(isOne)
    .map((reference) => ({ reference, program: 'helm' }))
}
