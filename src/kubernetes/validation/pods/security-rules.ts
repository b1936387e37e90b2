import type { Path } from '../../documents/path.ts'
import { CONTAINER_LISTS } from '../../objects/pod-images.ts'
import { isObject, objectsOf } from '../../objects/resource.ts'

type Fields = Readonly<Record<string, unknown>>
type Inside = [at: Path, message: string]

/** What the API server refuses in how security contexts fit together. Source: kubernetes 1.34, ValidatePodSpec. */
export function* securityProblems(spec: Fields): Generator<Inside> {
  const pod = contextOf(spec)
  yield* profileProblems(pod, ['securityContext'])
  const containers = CONTAINER_LISTS.flatMap((list) =>
    objectsOf(spec[list] as Fields[]).map((container, index) => ({ context: contextOf(container), at: [list, index] })),
  )
  const isHostProcess = (context: Fields) => {
    const said = isObject(context.windowsOptions) ? context.windowsOptions.hostProcess : undefined
    return (said ?? (isObject(pod.windowsOptions) && pod.windowsOptions.hostProcess)) === true
  }
  const ofHost = containers.filter(({ context }) => isHostProcess(context))
  if (spec.hostNetwork !== true && ofHost.length > 0) yield [['hostNetwork'], 'is not true, as hostProcess wants']
  if (ofHost.length > 0 && ofHost.length < containers.length)
    yield [['containers'], 'are not all hostProcess, as some are']
  for (const { context, at } of containers) {
    yield* profileProblems(context, [...at, 'securityContext'])
    if (context.procMount === 'Unmasked' && spec.hostUsers !== false) {
      yield [[...at, 'securityContext', 'procMount'], 'Unmasked wants hostUsers: false']
    }
  }
}

/** A profile of the node has a name, and no other has one. */
function* profileProblems(context: Fields, at: Path): Generator<Inside> {
  for (const key of ['seccompProfile', 'appArmorProfile']) {
    const profile = context[key]
    if (!isObject(profile)) continue
    const { type, localhostProfile } = profile
    if (type === 'Localhost' && !localhostProfile) yield [[...at, key, 'localhostProfile'], 'is missing']
    if (type !== 'Localhost' && localhostProfile) yield [[...at, key, 'localhostProfile'], 'is for the type Localhost']
  }
}

function contextOf({ securityContext }: Fields): Fields {
  return isObject(securityContext) ? securityContext : {}
}
