import { maskPlaceholders } from '../classify/placeholders.ts'
import { hasVersion, likelihoodOf } from '../classify/reference-likelihood.ts'

/** What an image is made, sent or asked for by, rather than taken. */
const MAKES = /\b(?:push|build|buildx|rmi|login|logout|inspect|sign|attest)\b|\bdocker\s+tag\s|\s-t\s/
/** Words without which a path with a version is rather something else. */
const OF_IMAGES = /image|registr|container|docker|podman|pull|\brepo(?:sitory)?\b/i
const SEPARATOR = /[\s"'`,;()[\]{}<>=|#\\]+/
const MASKED = /zz\d+zz/
/** Beyond this a line is data. */
const MAX_LINE = 4096

/** The words of a line that only an image looks like once their placeholders are filled in: `"$REGISTRY/team/web:$TAG"`. */
export function standingOpenIn(line: string): string[] {
  if (line.length > MAX_LINE || !line.includes('/') || !line.includes(':') || makesImage(line)) return []
  const {
    masked: [masked = ''],
    unmask,
  } = maskPlaceholders([line])
  if (masked === line) return []
  return masked.split(SEPARATOR).flatMap((word) => {
    const isOpen = MASKED.test(word) && word.includes('/') && hasVersion(word)
    return isOpen && isImage(word, line) ? unmask(word) : []
  })
}

function isImage(masked: string, line: string): boolean {
  const likelihood = likelihoodOf(masked)
  const isOnHost = /^[\w-]+(?:\.[\w-]+)+(?::\d+)?\//.test(masked)
  return likelihood === 'strong' || (likelihood === 'medium' && (isOnHost || OF_IMAGES.test(line)))
}

/** Whether a line makes or sends what it names. */
export function makesImage(line: string): boolean {
  return MAKES.test(line)
}

/** The words of those lines, which other lines only repeat. */
export function madeIn(text: string): ReadonlySet<string> {
  if (!MAKES.test(text)) return new Set()
  const lines = text.split('\n').filter((line) => line.length <= MAX_LINE && makesImage(line))
  return new Set(lines.flatMap((line) => line.split(SEPARATOR).filter((word) => word.includes('/'))))
}
