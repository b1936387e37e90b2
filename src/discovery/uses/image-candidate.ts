import type { Path } from '../../kubernetes/documents/path.ts'
import type { Key } from '../classify/key.ts'
import { hasVersion, isUnknownWord, likelihoodOf } from '../classify/reference-likelihood.ts'
import type { Confidence, ImageUse, Layer } from './image-use.ts'

/** A text of a resource that names an image, or may. */
export interface ImageCandidate {
  readonly reference: string
  /** From the resource to the text, or to the text that it is embedded in. */
  readonly path: Path
  /** Where in that text, in lines from its start; undefined where the reference is no part of a longer text. */
  readonly textLine: number | undefined
  readonly layer: Layer
  readonly confidence: Confidence
  /** What made it one, for people: `env RELATED_IMAGE_X`. */
  readonly why: string
  readonly container: string | undefined
  /** What a pod spec says; undefined where an operator decides. */
  readonly policy:
    | { readonly effective: string; readonly from: Exclude<ImageUse['policyFrom'], 'operator'> }
    | undefined
}

/** Transports before a reference: `docker://` means an image wherever it stands. */
const TRANSPORT = /^docker:\/\/(?=[^/])/
/** What is in a registry, and may be no image. */
const ARTIFACT = /^oci:\/\/(?=[^/])/
/** `oci://` may as well be a chart or a model, unless the key says that it is an image. */
const IMAGE_TRANSPORT = /^(?:docker|oci):\/\/(?=[^/])/

/**
 * How sure it is that a text names an image, given the key that it stands under; undefined where it does not.
 * `isLoose` is for what programs complete (text that is no whole resource, variables, flags): there a bare word proves
 * nothing.
 */
export function judge(
  key: Key,
  text: string,
  { isLoose = false } = {},
): { reference: string; confidence: Confidence } | undefined {
  if (key.role === 'never') return undefined
  const isImageKey = key.role === 'image' || key.role === 'images'
  // A bare word is an image only where one is expected, and most texts are bare words.
  if (!isImageKey && !/[/:@]/.test(text)) return undefined
  if (!isImageKey && ARTIFACT.test(text)) {
    // An extension, a model, a policy, or a chart: what pulls it by that name needs it all the same.
    const artifact = text.replace(ARTIFACT, '')
    return hasVersion(artifact) && likelihoodOf(artifact) !== 'none'
      ? { reference: artifact, confidence: 'possible' }
      : undefined
  }
  const reference = text.replace(isImageKey ? IMAGE_TRANSPORT : TRANSPORT, '')
  const likelihood = likelihoodOf(reference)
  if (likelihood === 'none') return undefined
  const isImage = isImageKey || reference !== text
  if (isImage) return { reference, confidence: isLoose && isUnknownWord(reference) ? 'possible' : 'likely' }
  if (likelihood === 'weak') return undefined
  // A tag with its digest (`1.6.0@sha256:…`) reads like an image of that name.
  if (isPart(key) && !reference.includes('/')) return undefined
  if (likelihood === 'strong') return { reference, confidence: 'likely' }
  if (isPart(key)) return key.ofImage && /\/.*[:@]/.test(reference) ? { reference, confidence: 'likely' } : undefined
  if (key.role === 'mention') return { reference, confidence: 'likely' }
  return { reference, confidence: /^[^:@]*\/[^:@]*:v?\d+\.\d/.test(reference) ? 'likely' : 'possible' }
}

function isPart({ role }: Key): boolean {
  return ['repository', 'registry', 'tag', 'version', 'digest', 'name'].includes(role)
}
