import type { Path } from '../../documents/path.ts'
import { CONTAINER_LISTS } from '../../objects/pod-images.ts'
import { isObject, objectsOf } from '../../objects/resource.ts'

type Fields = Readonly<Record<string, unknown>>

/** What a pod of Windows must not set, of itself and of its security context, and of those of its containers. */
const NOT_OF_WINDOWS = {
  pod: ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace', 'resources'],
  context: [
    ...['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'fsGroup', 'fsGroupChangePolicy', 'sysctls'],
    ...['runAsUser', 'runAsGroup', 'supplementalGroups', 'supplementalGroupsPolicy', 'seLinuxChangePolicy'],
  ],
  container: [
    ...['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'capabilities', 'readOnlyRootFilesystem', 'privileged'],
    ...['allowPrivilegeEscalation', 'procMount', 'runAsUser', 'runAsGroup'],
  ],
}

/** False where unset is meant by it: these are no pointers. */
const FLAGS: ReadonlySet<string> = new Set(['hostPID', 'hostIPC'])

/**
 * What the API server refuses in a pod that says which operating system it is for: fields of the other.
 * Source: kubernetes 1.37, pkg/apis/core/validation, validateLinux and validateWindows.
 */
export function* systemProblems(spec: Fields): Generator<[at: Path, message: string]> {
  const os = isObject(spec.os) ? spec.os.name : undefined
  if (os !== 'linux' && os !== 'windows') return
  const contexts = CONTAINER_LISTS.flatMap((list) =>
    objectsOf(spec[list] as Fields[]).map(({ securityContext }, index) => ({
      at: [list, index, 'securityContext'],
      context: securityContext,
    })),
  )
  const fields =
    os === 'linux' ? { pod: [], context: ['windowsOptions'], container: ['windowsOptions'] } : NOT_OF_WINDOWS
  const message = `cannot be set for os ${os}`
  for (const key of setIn(spec, fields.pod)) yield [[key], message]
  for (const key of setIn(spec.securityContext, fields.context)) yield [['securityContext', key], message]
  for (const { at, context } of contexts)
    for (const key of setIn(context, fields.container)) yield [[...at, key], message]
}

function setIn(value: unknown, keys: readonly string[]): string[] {
  if (!isObject(value)) return []
  return keys.filter((key) => {
    const found = value[key]
    if (found === undefined || found === null || (FLAGS.has(key) && found === false)) return false
    return key !== 'sysctls' || !Array.isArray(found) || found.length > 0
  })
}
