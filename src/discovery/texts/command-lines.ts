import { likelihoodOf } from '../classify/reference-likelihood.ts'

/** An image that a line hands to a program, and the program. */
interface CommandImage {
  readonly reference: string
  readonly program: string
}

/** `crictl pull ref`, `docker run -d ref`, `ctr -n k8s.io images pull ref`: what follows the verb is options, then the image. */
const RUNS = /\b(crictl|docker|podman|nerdctl|ctr)\s(?:.{0,200}?\s)?(?:pull|run|create)\s+(.+)/
/** `kubectl set image deployment/web web=ref`. */
const SETS = /\bkubectl\s(?:.{0,200}?\s)?set\s+image\s+(.+)/

/** The images that a command of a script pulls, runs or sets. */
export function imagesInCommand(line: string): CommandImage[] {
  const [, sets] = SETS.exec(line) ?? []
  if (sets) {
    const values = wordsOf(sets).flatMap((word) => (word.startsWith('-') ? [] : (/=(.+)$/.exec(word)?.[1] ?? [])))
    return values.filter(isImage).map((reference) => ({ reference, program: 'kubectl set image' }))
  }
  const [, program, rest] = RUNS.exec(line) ?? []
  const reference = program && rest ? wordsOf(rest).find((word) => !word.startsWith('-') && isImage(word)) : undefined
  return program && reference ? [{ reference, program }] : []
}

function wordsOf(text: string): string[] {
  return text.split(/[;&|]/, 1)[0]?.split(/[\s"'`]+/) ?? []
}

function isImage(word: string): boolean {
  return ['strong', 'medium'].includes(likelihoodOf(word.replace(/^docker:\/\//, '')))
}
