import { readKey } from '../classify/key.ts'
import { isOfficial, isOfficialWord, likelihoodOf } from '../classify/reference-likelihood.ts'
import { compose } from '../compose/compose-reference.ts'

/** An image that a line hands to a program, and the program. */
export interface CommandImage {
  readonly reference: string
  readonly program: string
  /** The program takes several at once. */
  readonly isOfMany?: boolean
}

/** A way in which a program is told images: what is behind its verb. */
export interface Way {
  readonly pattern: RegExp
  /** The first word that is an image, or every one: programs that pull and save take many. */
  readonly takes: 'first' | 'all'
  /** What it is handed is an image even where it is only a word that Docker Hub has: `docker pull redis`. */
  readonly takesWords?: true
}

/** `crictl pull ref`, `docker run -d ref`, `ctr -n k8s.io images pull ref`: what follows the verb is options, then the image. */
export const WAYS: readonly Way[] = [
  // What it makes is not there before; what it is made of is.
  { pattern: /\b(docker)\s+(?:buildx\s+)imagetools\s+create\s+(.+)/, takes: 'all' },
  {
    pattern: /\b(docker|podman|nerdctl|ctr|buildah|img|crictl)\s(?:.{0,200}?\s)?(?:run|create|from)\s+(.+)/,
    takes: 'first',
  },
  {
    pattern: /\b(crictl|docker|podman|nerdctl|ctr|buildah|img)\s(?:.{0,200}?\s)?pull\s+(.+)/,
    takes: 'all',
    takesWords: true,
  },
  // What is given another name, or copied, has to be there first.
  { pattern: /\b(docker|podman|nerdctl|ctr)\s(?:.{0,200}?\s)?tag\s+(.+)/, takes: 'first' },
  { pattern: /\b(skopeo)\s(?:.{0,200}?\s)?(?:copy|sync)\s+(.+)/, takes: 'first' },
  { pattern: /\b(crane|regctl|oras|imgpkg)\s(?:.{0,200}?\s)?(?:copy|cp|export)\s+(.+)/, takes: 'first' },
  { pattern: /\b(crane|regctl|oras|imgpkg)\s(?:.{0,200}?\s)?pull\s+(.+)/, takes: 'all' },
  { pattern: /\b(docker|podman|nerdctl|ctr)\s(?:.{0,200}?\s)?(?:save|export)\s+(.+)/, takes: 'all' },
  { pattern: /\b(kind)\s+load\s+docker-image\s+(.+)/, takes: 'all' },
  { pattern: /\b(minikube|k3d)\s+image\s+(?:load|pull|import)\s+(.+)/, takes: 'all' },
]
/** What names the result of a command. */
const NEW_NAME = /(?:^|\s)(?:-t|--tag)[ =]\S+/g
/** `kubectl set image deployment/web web=ref`. */
const SETS = /\b(?:kubectl|oc)\s(?:.{0,200}?\s)?set\s+image\s+(.+)/
/** `for image in a b; do`. */
const LOOP = /\bfor\s+\w+\s+in\s+(.+?)\s*(?:;|$)/
/** `helm upgrade web chart --set image.repository=x,image.tag=1`. */
const HELM = /\bhelm\s(?:.{0,400}?\s)?(?:install|upgrade|template)\s/
const HELM_VALUES = /\s--set(?:-string)?[ =]["']?([^\s"']+)/g

/** The images that a command of a script pulls, runs, copies or sets; `isOne` tells which words and values are images. */
export function imagesInCommand(line: string, isOne: (word: string) => boolean = isImage): CommandImage[] {
  const [, sets] = SETS.exec(line) ?? []
  if (sets) {
    const values = wordsOf(sets).flatMap((word) => (word.startsWith('-') ? [] : (/=(.+)$/.exec(word)?.[1] ?? [])))
    return values.filter(isOne).map((reference) => ({ reference, program: 'kubectl set image' }))
  }
  if (HELM.test(line)) return imagesInValues(line, isOne)
  const looped = LOOP.exec(line)?.[1]
  const items = looped ? wordsOf(looped) : []
  if (items.length > 0 && items.every(isImage)) return items.map((reference) => ({ reference, program: 'a loop' }))
  for (const { pattern, takes, takesWords } of WAYS) {
    const [, program, rest] = pattern.exec(line) ?? []
    if (!program || !rest) continue
    const words = wordsOf(rest.replace(NEW_NAME, ' ')).map((word) => word.replace(/^docker:\/\//, ''))
    const [first] = words.filter((word) => !word.startsWith('-'))
    const isTaken = (word: string) => isImage(word) || (takesWords === true && word === first && isOfficialWord(word))
    const images = words.filter((word) => !word.startsWith('-') && isTaken(word))
    const isOfMany = takes === 'all'
    return images.slice(0, isOfMany ? undefined : 1).map((reference) => ({ reference, program, isOfMany }))
  }
  return []
}

function imagesInValues(line: string, isOne: (word: string) => boolean): CommandImage[] {
  const pairs = Array.from(line.matchAll(HELM_VALUES), ([, values = '']) => values.split(',')).flat()
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

export function wordsOf(text: string): string[] {
  return (
    text
      .split(/[;&|]/, 1)[0]
      ?.split(/[\s"'`]+/)
      .filter(Boolean) ?? []
  )
}

/** Also `redis:7`: what is handed to such a program need only look a little like one. */
export function isImage(word: string): boolean {
  const likelihood = likelihoodOf(word)
  return likelihood === 'strong' || likelihood === 'medium' || (likelihood === 'weak' && isOfficial(word))
}
