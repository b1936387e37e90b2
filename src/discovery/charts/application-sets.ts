import { parseYaml } from '../../kubernetes/documents/yaml.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'
import { type GitOpsResource, type GitOpsResources, mapAt, mapsAt, textAt } from './gitops-resources.ts'
import { mergeValues } from './values.ts'

type Body = Readonly<Record<string, unknown>>

/** An Application, or what an ApplicationSet makes of its template. */
export interface ArgoApplication {
  /** The resource that it is, or that makes it. */
  readonly namer: GitOpsResource
  readonly body: Body
  /** What is not known of it, each a part of a sentence. */
  readonly unknown: readonly string[]
}

/** The Applications among resources, also those of ApplicationSets. Source: the API of Argo CD, argoproj.io/v1alpha1. */
export function argoApplications(resources: GitOpsResources): ArgoApplication[] {
  const applications = resources
    .all('argoproj.io', 'Application')
    .map((namer): ArgoApplication => ({ namer, body: namer.value, unknown: [] }))
  return [...applications, ...resources.all('argoproj.io', 'ApplicationSet').flatMap(applicationsOf)]
}

/**
 * The Applications of a set, as far as its generators are lists; else its template as it stands. What a generator says
 * itself of the template comes before that of the set, and the patch of the template over both.
 * Source: https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Template/
 */
function applicationsOf(namer: GitOpsResource): ArgoApplication[] {
  const template = mapAt(namer.value, 'spec.template')
  const patch = textAt(namer.value, 'spec.templatePatch')
  const generators = mapsAt(namer.value, 'spec.generators')
  const made = generators.flatMap((generator) => {
    const own = Object.values(generator).map((one) => mapAt(one, 'template'))
    const merged = own.reduce(mergeValues, template)
    return (elementsOf(generator) ?? [{}]).map((element) => applicationOf(namer, merged, { element, patch }))
  })
  const distinct = new Map(made.map((one) => [JSON.stringify([one.body, one.unknown]), one]))
  return generators.length === 0 ? [applicationOf(namer, template, { element: {}, patch })] : [...distinct.values()]
}

function applicationOf(
  namer: GitOpsResource,
  template: Body,
  { element, patch }: { element: Body; patch: string | undefined },
): ArgoApplication {
  const body = filled(template, element) as Body
  if (patch === undefined) return { namer, body, unknown: [] }
  const over = patchOf(filled(patch, element) as string)
  if (over) return { namer, body: mergeValues(body, over), unknown: [] }
  return { namer, body, unknown: ['its templatePatch is a program that is not run'] }
}

/** A patch with nothing left in it that is computed. */
function patchOf(text: string): Body | undefined {
  if (text.includes('{{')) return undefined
  try {
    const value = parseYaml(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** More than anybody runs clusters. */
const MAX_ELEMENTS = 2000

/** The parameters that a generator gives, one after the other; undefined where only the cluster or a server knows. */
function elementsOf(generator: Body): readonly Body[] | undefined {
  if (isObject(generator.list) && !('elementsYaml' in generator.list)) return mapsAt(generator, 'list.elements')
  if (!isObject(generator.matrix)) return undefined
  let product: readonly Body[] = [{}]
  for (const one of mapsAt(generator, 'matrix.generators')) {
    const elements = elementsOf(one)
    if (!elements || elements.length * product.length > MAX_ELEMENTS) return undefined
    product = product.flatMap((before) => elements.map((element) => mergeValues(before, element)))
  }
  return product
}

const PARAMETER = /\{\{-?\s*\.?([\w.-]+)\s*-?\}\}/g

/** A template with the parameters that one element gives: `{{cluster}}`, or `{{ .cluster }}` where it is of Go. */
function filled(value: unknown, element: Body): unknown {
  if (typeof value === 'string')
    return value.replace(PARAMETER, (whole, name: string) => textAt(element, name) ?? whole)
  if (Array.isArray(value)) return value.map((entry) => filled(entry, element))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, filled(entry, element)]))
}
