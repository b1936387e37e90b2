import { APPARMOR_ANNOTATION, annotatedProfile, appArmorAnnotations } from '../../admission/apparmor-annotations.ts'
import type { Path } from '../../documents/path.ts'
import { CONTAINER_LISTS } from '../../objects/pod-images.ts'
import { isObject, objectsOf } from '../../objects/resource.ts'

type Fields = Readonly<Record<string, unknown>>

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'

/**
 * What the API server refuses in the annotations of a pod; paths lead from the annotations.
 * Source: kubernetes 1.36, ValidatePodSpecificAnnotations and validateAppArmorAnnotationsAndFieldsMatchOnCreate.
 */
export function* annotationProblems(annotations: unknown, spec: Fields): Generator<[at: Path, message: string]> {
  if (!isObject(annotations)) return
  const cost = annotations[DELETION_COST]
  if (cost !== undefined && !isInt32(cost)) yield [[DELETION_COST], `${JSON.stringify(cost)} is no 32-bit integer`]
  const said = appArmorAnnotations(annotations)
  if (said.size === 0) return
  const lists = CONTAINER_LISTS.flatMap((list) => objectsOf(spec[list] as Fields[] | undefined))
  const containers = new Map(lists.map((container) => [container.name, container]))
  for (const [name, value] of said) {
    const at = [`${APPARMOR_ANNOTATION}${name}`]
    const container = containers.get(name)
    if (!container) yield [at, 'is about a container that the pod does not have']
    const isProfile = value === '' || annotatedProfile(value) !== undefined || value === 'localhost/'
    if (!isProfile) yield [at, `${JSON.stringify(value)} is no AppArmor profile`]
    else if (container && !isWindows(spec) && differs(container, value)) {
      yield [at, 'is not the appArmorProfile of the container']
    }
  }
}

/** Whether the container says another profile itself. */
function differs({ securityContext }: Fields, value: unknown): boolean {
  const own = isObject(securityContext) ? securityContext.appArmorProfile : undefined
  if (!isObject(own)) return false
  const { type, localhostProfile } = annotatedProfile(value) ?? {}
  return own.type !== type || (type === 'Localhost' && own.localhostProfile !== localhostProfile)
}

function isWindows({ os }: Fields): boolean {
  return isObject(os) && os.name === 'windows'
}

/** As Go's ParseInt takes it, which wants no sign `+` and no zeros before. */
function isInt32(value: unknown): boolean {
  const text = String(value)
  return /^(?:0|-?[1-9]\d*)$/.test(text) && Number(text) === (Number(text) | 0)
}
