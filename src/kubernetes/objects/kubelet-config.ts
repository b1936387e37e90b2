import { isObject, textsOf } from './resource.ts'

/** The kubelet's settings that decide about images. */
export interface KubeletSettings {
  /** How many images the kubelet reports; -1 for no limit. */
  readonly maxImages: number
  /** Which images that the kubelet did not pull itself it takes without asking a registry. */
  readonly credentialsVerification: string
  /** Repositories (`host/path`, or a prefix that ends in `/*`) that are taken with NeverVerifyAllowlistedImages. */
  readonly allowlist: readonly string[]
  /** Disk use, in percent, from which the kubelet deletes unused images; 100 turns that off. */
  readonly imageGcHighThreshold: number
  /** The age from which unused images are deleted, as a Go duration; `0s` for never. */
  readonly imageMaximumGcAge: string
  /** Its feature gates, as far as they are set. */
  readonly featureGates: Readonly<Record<string, boolean>>
  /** How strictly it places processors, memory and devices together. */
  readonly topologyPolicy: string
  /** It hands out whole cores only. */
  readonly isWholeCores: boolean
  /** The kernel settings that it lets pods set besides those that are safe; a `*` at the end stands for any text. */
  readonly unsafeSysctls: readonly string[]
}

export const DEFAULT_KUBELET_SETTINGS: KubeletSettings = {
  maxImages: 50,
  credentialsVerification: 'NeverVerifyPreloadedImages',
  allowlist: [],
  imageGcHighThreshold: 85,
  imageMaximumGcAge: '0s',
  featureGates: {},
  topologyPolicy: 'none',
  isWholeCores: false,
  unsafeSysctls: [],
}

/** The settings that work only from a version on, with the gate that is on by default from another on. */
const GATED = [
  {
    gate: 'KubeletEnsureSecretPulledImages',
    alpha: 33,
    beta: 35,
    without: { credentialsVerification: 'NeverVerify' },
  },
  { gate: 'ImageMaximumGCAge', alpha: 29, beta: 30, without: { imageMaximumGcAge: '0s' } },
] as const

/**
 * What of the settings a kubelet of that version goes by; undefined for a version that is not known, which may do all.
 * Source: kubernetes, pkg/features/kube_features.go: KubeletEnsureSecretPulledImages (KEP-2535) alpha in 1.33, beta in
 * 1.35; ImageMaximumGCAge (KEP-4210) alpha in 1.29, beta in 1.30, for good in 1.35.
 */
export function settingsInForce(settings: KubeletSettings, minor: number | undefined): KubeletSettings {
  if (minor === undefined) return settings
  const off = GATED.filter(({ gate, alpha, beta }) => minor < alpha || !(settings.featureGates[gate] ?? minor >= beta))
  return Object.assign({}, settings, ...off.map(({ without }) => without))
}

/**
 * The settings in a KubeletConfiguration, or in the kubelet's answer at `/configz`, which wraps one; undefined for
 * anything else. What is not set has the default of kubelet.config.k8s.io/v1beta1.
 */
export function parseKubeletConfig(value: unknown): KubeletSettings | undefined {
  if (!isObject(value)) return undefined
  const config = isObject(value.kubeletconfig) ? value.kubeletconfig : value
  if (config === value && value.kind !== 'KubeletConfiguration') return undefined
  const text = (key: string, otherwise: string) => (typeof config[key] === 'string' ? config[key] : otherwise)
  const number = (key: string, otherwise: number) => (typeof config[key] === 'number' ? config[key] : otherwise)
  return {
    maxImages: number('nodeStatusMaxImages', DEFAULT_KUBELET_SETTINGS.maxImages),
    credentialsVerification: text(
      'imagePullCredentialsVerificationPolicy',
      DEFAULT_KUBELET_SETTINGS.credentialsVerification,
    ),
    allowlist: textsOf(config.preloadedImagesVerificationAllowlist),
    imageGcHighThreshold: number('imageGCHighThresholdPercent', DEFAULT_KUBELET_SETTINGS.imageGcHighThreshold),
    imageMaximumGcAge: text('imageMaximumGCAge', DEFAULT_KUBELET_SETTINGS.imageMaximumGcAge),
    featureGates: gatesOf(config.featureGates),
    topologyPolicy: text('topologyManagerPolicy', DEFAULT_KUBELET_SETTINGS.topologyPolicy),
    isWholeCores: config.cpuManagerPolicy === 'static' && isOn(config.cpuManagerPolicyOptions, 'full-pcpus-only'),
    unsafeSysctls: textsOf(config.allowedUnsafeSysctls),
  }
}

function gatesOf(value: unknown): Record<string, boolean> {
  const gates = isObject(value) ? Object.entries(value) : []
  return Object.fromEntries(gates.filter((gate): gate is [string, boolean] => typeof gate[1] === 'boolean'))
}

function isOn(options: unknown, key: string): boolean {
  return isObject(options) && String(options[key]) === 'true'
}

/** Whether the kubelet asks a registry about a preloaded image before it takes it. `name` is a CRI form. */
export function verifiesPreloaded({ credentialsVerification, allowlist }: KubeletSettings, name: string): boolean {
  if (credentialsVerification === 'AlwaysVerify') return true
  if (credentialsVerification !== 'NeverVerifyAllowlistedImages') return false
  const repository = name.replace(/(?:@.*|:[^/:]*)$/, '')
  return !allowlist.some((entry) =>
    entry.endsWith('/*') ? repository.startsWith(entry.slice(0, -1)) : repository === entry,
  )
}

/** Whether the kubelet deletes images because of their age. */
export function deletesByAge({ imageMaximumGcAge }: KubeletSettings): boolean {
  return /[1-9]/.test(imageMaximumGcAge)
}
