import type { Path } from '../../kubernetes/documents/path.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import { groupOf } from '../classify/exclusions.ts'
import { readKey } from '../classify/key.ts'
import { type ImageCandidate, judge } from '../uses/image-candidate.ts'
import type { MadeElsewhere } from './made-elsewhere.ts'

/** What a policy puts into pods of others. */
interface MutationsFound {
  readonly candidates: readonly ImageCandidate[]
  readonly claimed: readonly Path[]
  readonly elsewhere: readonly MadeElsewhere[]
}

/** Policies whose mutations are expressions. */
const EXPRESSED: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io/MutatingAdmissionPolicy',
  'policies.kyverno.io/MutatingPolicy',
  'policies.kyverno.io/NamespacedMutatingPolicy',
])
const GATEKEEPER = 'mutations.gatekeeper.sh'

const LITERAL = /"([^"\\\n]{1,512})"|'([^'\\\n]{1,512})'/g
/** `image: VALUE` of an object, and the value of a patch whose path ends in `/image`. */
const SET_IMAGE = /\bimage["']?\s{0,99}:|\/image["']\s{0,99},\s{0,99}value\s{0,99}:/g
/** A value: a literal or a variable, behind which nothing goes on. */
const VALUE = /^\s{0,99}(?:"([^"\\\n]{1,512})"|'([^'\\\n]{1,512})'|variables\.(\w{1,99}))\s{0,99}(?=[,})\]]|$)/
const MAX_VALUE = 1200
const IMAGE = readKey('image')

/** The images that a policy gives to pods as they are made; undefined of what is no such policy. */
export function mutationsFound(resource: Pick<Resource, 'apiVersion' | 'kind' | 'value'>): MutationsFound | undefined {
  const { apiVersion, kind, value } = resource
  const spec = isObject(value.spec) ? value.spec : {}
  if (EXPRESSED.has(`${groupOf(apiVersion)}/${kind}`)) return expressed(spec)
  return groupOf(apiVersion) === GATEKEEPER ? assigned(kind, spec) : undefined
}

function expressed(spec: Record<string, unknown>): MutationsFound {
  const found = listOf(spec.mutations).flatMap((mutation, index) =>
    ['jsonPatch', 'applyConfiguration'].flatMap((form) => {
      const held = isObject(mutation) && isObject(mutation[form]) ? mutation[form].expression : undefined
      return typeof held === 'string' ? [{ text: held, path: ['spec', 'mutations', index, form, 'expression'] }] : []
    }),
  )
  const variables = listOf(spec.variables).flatMap((variable, index) => {
    const { name, expression } = isObject(variable) ? variable : {}
    if (typeof name !== 'string' || typeof expression !== 'string') return []
    return [{ name, text: expression, path: ['spec', 'variables', index, 'expression'] }]
  })
  const values = new Map(variables.map(({ name, text }) => [name, literalOf(text, new Map())]))
  return merged([...found, ...variables].map(({ text, path }) => imagesInExpression(text, path, values)))
}

function imagesInExpression(text: string, path: Path, values: ReadonlyMap<string, string | undefined>): MutationsFound {
  const candidates = new Map<string, ImageCandidate>()
  const note = (reference: string, confidence: ImageCandidate['confidence']) => {
    if (!candidates.has(reference))
      candidates.set(reference, candidateAt(path, reference, confidence, 'expression of a policy'))
  }
  let isOpen = false
  for (const { index, 0: set } of text.matchAll(SET_IMAGE)) {
    const value = literalOf(text.slice(index + set.length, index + set.length + MAX_VALUE), values)
    const image = value === undefined ? undefined : judge(IMAGE, value)
    if (image) note(image.reference, image.confidence)
    else isOpen = true
  }
  for (const [, double, single] of text.matchAll(LITERAL)) {
    const image = judge(readKey(''), double ?? single ?? '')
    if (image) note(image.reference, 'possible')
  }
  return { candidates: [...candidates.values()], claimed: [path], elsewhere: isOpen ? [openAt(path)] : [] }
}

function literalOf(text: string, values: ReadonlyMap<string, string | undefined>): string | undefined {
  const [, double, single, variable] = VALUE.exec(text) ?? []
  return double ?? single ?? (variable === undefined ? undefined : values.get(variable))
}

/** `Assign` sets what its location names, `AssignImage` parts of the images there. */
function assigned(kind: string, { location, parameters }: Record<string, unknown>): MutationsFound | undefined {
  const told = isObject(parameters) ? parameters : {}
  const path = ['spec', 'parameters']
  if (kind === 'AssignImage') {
    const { assignDomain, assignPath, assignTag } = told
    const whole = [assignDomain, assignPath, assignTag].every((part) => typeof part === 'string')
    const image = whole ? judge(IMAGE, `${assignDomain}/${assignPath}${assignTag}`) : undefined
    const candidates = image
      ? [candidateAt([...path, 'assignPath'], image.reference, image.confidence, 'AssignImage')]
      : []
    return { candidates, claimed: [path], elsewhere: image ? [] : [openAt(path)] }
  }
  if (kind !== 'Assign' || !/\.image["']?$/.test(String(location))) return undefined
  const value = isObject(told.assign) ? told.assign.value : undefined
  const image = typeof value === 'string' ? judge(IMAGE, value) : undefined
  const at = [...path, 'assign', 'value']
  const candidates = image ? [candidateAt(at, image.reference, image.confidence, `assigned to ${location}`)] : []
  return { candidates, claimed: [at], elsewhere: image ? [] : [openAt(path)] }
}

function candidateAt(
  path: Path,
  reference: string,
  confidence: ImageCandidate['confidence'],
  why: string,
): ImageCandidate {
  const rest = { textLine: undefined, container: undefined, policy: undefined } as const
  return { reference, path, layer: 'knownField', confidence, why, ...rest }
}

function openAt(path: Path): MadeElsewhere {
  return { code: 'OPERATOR_CHOOSES', what: 'what it puts into pods', path }
}

function merged(all: readonly MutationsFound[]): MutationsFound {
  return {
    candidates: all.flatMap(({ candidates }) => candidates),
    claimed: all.flatMap(({ claimed }) => claimed),
    elsewhere: all.flatMap(({ elsewhere }) => elsewhere),
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
