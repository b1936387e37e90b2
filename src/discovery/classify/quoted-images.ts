import { isOfficial, likelihoodOf } from './reference-likelihood.ts'

/** What a program or its configuration has in quotes behind a name that speaks of images. */
export interface QuotedImage {
  readonly reference: string
  /** Lines from the start of the text. */
  readonly line: number
}

const WAYS: readonly RegExp[] = [
  // `Operator(image='ref')`, `docker { image 'ref' }`, `local image = "ref"`, `image: "ref"` amid others.
  /image\w{0,40}["']?\s{0,9}(?:=>?|:=?|\()?\s{0,9}["']([^"'\s]{2,512})["']/gi,
  // `<image>ref</image>`
  /<\w{0,40}image\w{0,40}>\s{0,9}([^<>\s]{2,512})\s{0,9}</gi,
  // The base of what a Dockerfile builds.
  /^[ \t]{0,9}FROM[ \t]{1,9}(?:--platform=\S{1,99}[ \t]{1,9})?([^\s"']{2,512})/gm,
  // The services of a runner of GitLab.
  /services\]\]\s{1,99}name\s{0,9}=\s{0,9}["']([^"'\s]{2,512})["']/g,
]
const TRANSPORT = /^docker:\/\//
const HAS_ONE = /image|\bFROM\s|services\]\]/i

/** The images that a text names so, each once; whether they are run nobody can tell. */
export function quotedImages(text: string): QuotedImage[] {
  if (!HAS_ONE.test(text)) return []
  const places = new Map<string, number>()
  for (const way of WAYS) {
    for (const { 0: whole, 1: named = '', index } of text.matchAll(way)) {
      const reference = named.replace(TRANSPORT, '')
      const at = index + whole.lastIndexOf(reference)
      if (isLikely(reference) && at < (places.get(reference) ?? Infinity)) places.set(reference, at)
    }
  }
  const ordered = [...places].sort(([, a], [, b]) => a - b)
  let [line, from] = [0, 0]
  return ordered.map(([reference, at]) => {
    for (let end = text.indexOf('\n', from); end >= 0 && end < at; end = text.indexOf('\n', from)) {
      line++
      from = end + 1
    }
    return { reference, line }
  })
}

function isLikely(text: string): boolean {
  const likelihood = likelihoodOf(text)
  return likelihood === 'strong' || likelihood === 'medium' || isOfficial(text)
}
