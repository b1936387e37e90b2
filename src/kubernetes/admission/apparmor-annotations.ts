import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import { CONTAINER_LISTS } from '../objects/pod-images.ts'
import { objectsOf } from '../objects/resource.ts'

/** Followed by the name of a container: the older way to say its AppArmor profile. */
export const APPARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/'

type Annotations = Readonly<Record<string, unknown>>

/** What stands at `securityContext.appArmorProfile`. */
export interface AppArmorProfile {
  readonly type: 'Localhost' | 'RuntimeDefault' | 'Unconfined'
  readonly localhostProfile?: string
}

/** The profile that an annotation stands for; undefined where it stands for none. */
export function annotatedProfile(value: unknown): AppArmorProfile | undefined {
  if (value === 'runtime/default') return { type: 'RuntimeDefault' }
  if (value === 'unconfined') return { type: 'Unconfined' }
  const [, localhostProfile] = /^localhost\/(.+)$/s.exec(String(value)) ?? []
  return localhostProfile === undefined ? undefined : { type: 'Localhost', localhostProfile }
}

/** The AppArmor annotations by the name of their container. */
export function appArmorAnnotations(annotations: Annotations | undefined): Map<string, unknown> {
  const entries = Object.entries(annotations ?? {}).filter(([key]) => key.startsWith(APPARMOR_ANNOTATION))
  return new Map(entries.map(([key, value]) => [key.slice(APPARMOR_ANNOTATION.length), value]))
}

/**
 * A pod spec in which containers without a profile of their own have that of their annotation, as the API server stores it.
 * Source: kubernetes 1.36, pkg/registry/core/pod/strategy.go, applyAppArmorVersionSkew.
 */
export function withAnnotatedProfiles(spec: PodSpec, annotations: Annotations | undefined): PodSpec {
  const said = appArmorAnnotations(annotations)
  if (said.size === 0 || spec.os?.name === 'windows') return spec
  const lists = CONTAINER_LISTS.filter((list) => Array.isArray(spec[list]))
  const changed = lists.map((list) => [
    list,
    objectsOf(spec[list] as Container[]).map((container) => {
      const appArmorProfile = annotatedProfile(said.get(container.name))
      return appArmorProfile
        ? { ...container, securityContext: { appArmorProfile, ...container.securityContext } }
        : container
    }),
  ])
  return { ...spec, ...Object.fromEntries(changed) }
}
