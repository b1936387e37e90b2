import { ctr } from './by-hand/ctr.ts'
import { directory } from './by-hand/directory.ts'
import { nerdctl } from './by-hand/nerdctl.ts'
import { podman } from './by-hand/podman.ts'
import { containerd } from './by-pod/containerd.ts'
import { crio } from './by-pod/cri-o.ts'
import { docker } from './by-pod/docker.ts'
import { k0s } from './by-pod/k0s.ts'
import { k3s } from './by-pod/k3s.ts'
import { kind } from './by-pod/kind.ts'
import { microk8s } from './by-pod/microk8s.ts'
import { minikube } from './by-pod/minikube.ts'
import { rke2 } from './by-pod/rke2.ts'
import type { Method } from './contract/method.ts'
import { bake } from './out-of-band/bake.ts'
import { bottlerocket } from './out-of-band/bottlerocket.ts'
import { talos } from './out-of-band/talos.ts'

/** Every method, what is special before what is general: the first that fits is taken. */
const INDEX = [
  k3s,
  rke2,
  k0s,
  microk8s,
  kind,
  minikube,
  containerd,
  crio,
  docker,
  podman,
  nerdctl,
  directory,
  ctr,
  talos,
  bottlerocket,
  bake,
] as const

export type MethodName = (typeof INDEX)[number]['name']

/** A method of the index. */
export type KnownMethod = Method & { readonly name: MethodName }

export const METHODS: readonly KnownMethod[] = INDEX

/**
 * The method that people mean by a word: its name or another that they have for it, in any case. A name comes before
 * another's other name, so that `ctr` is itself where it is offered, and the containerd that it talks to elsewhere.
 */
export function findMethod(word: string, among: readonly KnownMethod[]): KnownMethod | undefined {
  const wanted = word.toLowerCase()
  return among.find(({ name }) => name === wanted) ?? among.find(({ otherNames = [] }) => otherNames.includes(wanted))
}

/** The methods that `seed` writes something for. */
export const SEED_METHODS = METHODS.filter(({ seeding }) => seeding)

/** The methods of one machine, in the order in which the node script looks for them. */
export const LOAD_METHODS = METHODS.filter(({ script }) => script?.isForLoad)

/** The method of that name. */
export function methodNamed(name: MethodName): KnownMethod {
  const method = METHODS.find((known) => known.name === name)
  if (!method) throw new Error(`no method ${name}`)
  return method
}
