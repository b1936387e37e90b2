import { formatPath, type Path, valueAt } from '../../kubernetes/documents/path.ts'
import { isObject, objectsOf, type Resource } from '../../kubernetes/objects/resource.ts'
import { templatePathOf } from '../../kubernetes/objects/workload.ts'
import { readKey } from '../classify/key.ts'
import type { ImageUse } from '../uses/image-use.ts'

type Fields = Readonly<Record<string, unknown>>

/** Where a variable, or all of `envFrom`, has its text from. */
export interface EnvReference {
  readonly kind: 'ConfigMap' | 'Secret' | 'field'
  readonly name: string
  /** Undefined for all keys: `envFrom`. */
  readonly key: string | undefined
  /** The text of a field that is known at once. */
  readonly text?: string | undefined
  /** Undefined for `envFrom`, whose keys are the names. */
  readonly variable: string | undefined
  readonly place: Pick<ImageUse, 'workload' | 'container' | 'path' | 'file' | 'line'>
}

const MAX_DEPTH = 24

/** A variable that names an image, or a part of one that nobody puts together here. */
export function isImageName(variable: string): boolean {
  const { role, ofImage } = readKey(variable)
  return role === 'image' || role === 'images' || (ofImage && PARTS.has(role))
}

const PARTS: ReadonlySet<string> = new Set(['repository', 'registry', 'tag', 'digest', 'version'])

/** The maps with variables below a value. Every value is passed, so that nothing is made on the way. */
export function containersOf(root: unknown): [Fields, Path][] {
  const found: [Fields, Path][] = []
  const path: Path[number][] = []
  const visit = (value: object): void => {
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) visitAt(index, value[index])
      return
    }
    const first = found.length
    let holds = false
    for (const key in value) {
      const child = (value as Fields)[key]
      holds ||= (key === 'env' || key === 'envFrom') && Array.isArray(child)
      visitAt(key, child)
    }
    // A map comes before what is in it. Asking each one for two keys costs more than passing by them.
    if (holds) found.splice(first, 0, [value as Fields, [...path]])
  }
  const visitAt = (key: Path[number], child: unknown): void => {
    if (typeof child !== 'object' || child === null || path.length === MAX_DEPTH) return
    path.push(key)
    visit(child)
    path.pop()
  }
  if (typeof root === 'object' && root !== null) visit(root)
  return found
}

/** What the variables of a container have from elsewhere. */
export function referencesOf(resource: Resource, container: Fields, path: Path): EnvReference[] {
  const { apiVersion, kind, namespace, name, document, path: root } = resource
  const placeAt = (at: Path): EnvReference['place'] => ({
    workload: { apiVersion, kind, namespace, name },
    container: typeof container.name === 'string' ? container.name : undefined,
    path: [...path, ...at],
    file: document.file,
    line: document.lineOf([...root, ...path, ...at]),
  })
  const variables = objectsOf(container.env as Fields[]).flatMap(
    ({ name: variable, valueFrom }, index): EnvReference[] => {
      if (typeof variable !== 'string' || !isObject(valueFrom)) return []
      const place = () => placeAt(['env', index, 'valueFrom'])
      const { configMapKeyRef, secretKeyRef } = valueFrom
      for (const [of, ref] of [['ConfigMap', configMapKeyRef] as const, ['Secret', secretKeyRef] as const]) {
        if (isObject(ref)) return [{ kind: of, name: String(ref.name), key: String(ref.key), variable, place: place() }]
      }
      if (!isImageName(variable)) return []
      const field = valueAt(valueFrom, ['fieldRef', 'fieldPath'])
      const key = typeof field === 'string' ? field : formatPath(Object.keys(valueFrom).slice(0, 1))
      return [{ kind: 'field', name: '', key, text: fieldText(resource, key), variable, place: place() }]
    },
  )
  const all = objectsOf(container.envFrom as Fields[]).flatMap(({ configMapRef, secretRef }, index): EnvReference[] =>
    [['ConfigMap', configMapRef] as const, ['Secret', secretRef] as const].flatMap(([of, ref]) =>
      isObject(ref)
        ? [
            {
              kind: of,
              name: String(ref.name),
              key: undefined,
              variable: undefined,
              place: placeAt(['envFrom', index]),
            },
          ]
        : [],
    ),
  )
  return [...variables, ...all]
}

/** The text of a label or annotation that a pod has of its own template. */
function fieldText(resource: Resource, field: string): string | undefined {
  const [, marks = '', key = ''] = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(field) ?? []
  const text = valueAt(resource.value, [...(templatePathOf(resource) ?? []), 'metadata', marks, key])
  return typeof text === 'string' ? text : undefined
}
