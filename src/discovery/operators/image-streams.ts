import { type Path, valueAt } from '../../kubernetes/documents/path.ts'
import { rowOf } from '../../kubernetes/documents/row-of.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import { groupOf } from '../classify/exclusions.ts'
import { matchPath, parsePath } from '../rules/path-pattern.ts'
import type { MadeElsewhere } from './made-elsewhere.ts'

const ANNOTATION = 'image.openshift.io/triggers'

/** By group and kind, where a reference to an image of an ImageStream stands. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  'build.openshift.io/BuildConfig': [
    ...['sourceStrategy', 'dockerStrategy', 'customStrategy'].map((strategy) => `spec.strategy.${strategy}.from`),
    'spec.source.images[*].from',
  ],
  'apps.openshift.io/DeploymentConfig': ['spec.triggers[*].imageChangeParams.from'],
}

/**
 * What a resource takes from ImageStreams: a trigger puts the image that a stream tells in the place of the one that is
 * named, and what a stream tells may be had from anywhere.
 */
export function imageStreamsOf({
  apiVersion,
  kind,
  namespace,
  value,
}: Pick<Resource, 'apiVersion' | 'kind' | 'value'> & { readonly namespace?: string | undefined }): MadeElsewhere[] {
  const paths =
    PLACES[`${groupOf(apiVersion)}/${kind}`] ?? (apiVersion === 'v1' ? PLACES[`${rowOf(OLD, kind)}/${kind}`] : [])
  const named = (paths ?? []).flatMap((pattern) =>
    matchPath(value, parsePath(pattern)).map((path) => ({ path, from: valueAt(value, path) })),
  )
  return [...named, ...triggersOf(value)].flatMap(({ path, from }): MadeElsewhere[] => {
    const { kind: of, name, namespace: within } = isObject(from) ? from : {}
    if (typeof name !== 'string' || !/^ImageStream/.test(String(of))) return []
    const stream = { form: 'stream', name, namespace: typeof within === 'string' ? within : namespace } as const
    return [{ code: 'MANIFESTS_ELSEWHERE', what: `the image of ${of} ${name}`, path, unless: stream }]
  })
}

/** The groups that these kinds had before. */
const OLD: Readonly<Record<string, string>> = {
  BuildConfig: 'build.openshift.io',
  DeploymentConfig: 'apps.openshift.io',
}

/** Source: https://docs.openshift.com/container-platform/latest/openshift_images/triggering-updates-on-imagestream-changes.html */
function triggersOf(value: Resource['value']): { path: Path; from: unknown }[] {
  const path = ['metadata', 'annotations', ANNOTATION]
  const text = valueAt(value, path)
  if (typeof text !== 'string') return []
  try {
    const triggers: unknown = JSON.parse(text)
    const list = Array.isArray(triggers) ? triggers.filter(isObject) : []
    return list.filter(({ paused }) => paused !== true && paused !== 'true').map(({ from }) => ({ path, from }))
  } catch {
    return []
  }
}
