import { parseYaml } from '../../kubernetes/documents/yaml.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'
import type { GitOpsResource, GitOpsResources } from './gitops-resources.ts'
import { mapAt, mapsAt, textAt } from './gitops-resources.ts'
import { mergeValues, type Values, valuesOfSetting } from './values.ts'

/** Values that are put together of several places, and what of it is not known. */
export interface ValuesFound {
  readonly values: Values
  readonly unknown: readonly string[]
  /** What may be missing, and is. */
  readonly absent?: readonly string[]
}

/** A text of YAML as values; what is none is not known. */
export function valuesInText(text: string, where: string): ValuesFound {
  try {
    const value = parseYaml(text) ?? {}
    if (isObject(value)) return { values: value, unknown: [] }
  } catch {
    // Said below.
  }
  return { values: {}, unknown: [`${where} is no map of values`] }
}

/** Both, the second over the first. */
export function joinValues(under: ValuesFound, over: ValuesFound): ValuesFound {
  return {
    values: mergeValues(under.values, over.values),
    unknown: [...under.unknown, ...over.unknown],
    absent: [...(under.absent ?? []), ...(over.absent ?? [])],
  }
}

/** What `valuesFrom` of a HelmRelease gives, in its order. https://fluxcd.io/flux/components/helm/helmreleases/#values */
export function valuesFromReferences(
  resources: GitOpsResources,
  { value, namespace }: Pick<GitOpsResource, 'value' | 'namespace'>,
): ValuesFound {
  let found: ValuesFound = { values: {}, unknown: [] }
  for (const reference of mapsAt(value, 'spec.valuesFrom')) {
    const key = textAt(reference, 'valuesKey') ?? 'values.yaml'
    const { kind = 'ConfigMap', name, targetPath } = reference
    const where = `${key} in ${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
    const text = textOfKey(resources, { kind: String(kind), name, namespace }, key)
    if (text === undefined) {
      found =
        reference.optional === true
          ? { ...found, absent: [...(found.absent ?? []), where] }
          : { ...found, unknown: [...found.unknown, `${where} is not here`] }
      continue
    }
    found = joinValues(found, partOf(text, targetPath, where))
  }
  return found
}

function partOf(text: string, targetPath: unknown, where: string): ValuesFound {
  if (typeof targetPath !== 'string' || targetPath === '') return valuesInText(text, where)
  const values = valuesOfSetting(targetPath, text)
  return values ? { values, unknown: [] } : { values: {}, unknown: [`${where} for ${targetPath} is not understood`] }
}

interface HolderName {
  readonly kind: string
  readonly name: unknown
  readonly namespace: string | undefined
}

/** The text that a ConfigMap or a Secret holds under a key; undefined where it is not here, or only encrypted. */
export function textOfKey(resources: GitOpsResources, holder: HolderName, key: string): string | undefined {
  const texts = textsOfHolder(resources, holder) ?? {}
  return Object.hasOwn(texts, key) ? texts[key] : undefined
}

/** All texts that one holds, by their keys; undefined where it is not here, or encrypted. */
export function textsOfHolder(
  resources: GitOpsResources,
  { kind, name, namespace }: HolderName,
): Readonly<Record<string, string>> | undefined {
  const value = resources.find('', kind, name, namespace)?.value
  if (!value || isObject(value.sops)) return undefined
  const isSecret = kind === 'Secret'
  const data = Object.entries(mapAt(value, 'data')).map(([key, text]) => {
    return [key, isSecret && typeof text === 'string' && !isEncrypted(text) ? decodeBase64(text) : text]
  })
  const entries = [...data, ...Object.entries(mapAt(value, 'stringData'))]
  return Object.fromEntries(entries.filter(([, text]) => typeof text === 'string' && !isEncrypted(text)))
}

function isEncrypted(text: string): boolean {
  return text.startsWith('ENC[')
}

function decodeBase64(text: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'base64'))
  } catch {
    return undefined
  }
}
