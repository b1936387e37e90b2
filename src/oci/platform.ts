import { ExpectedError } from '../errors.ts'

/** What an image runs on, in GOOS and GOARCH words, normalized: no variant where it says nothing (arm64/v8, amd64/v1). */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

const ARCHITECTURE_ALIASES: Record<string, [architecture: string, variant?: string]> = {
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
  i386: ['386'],
}

/** The variant that a missing one stands for, or that stands for none. Source: containerd/platforms, normalizeArch. */
const IMPLIED_VARIANTS = new Set(['arm64/v8', 'amd64/v1'])

/** Architectures whose variants run what lower ones do, down to this. */
const LOWEST_VARIANTS: Readonly<Record<string, number>> = { arm: 5, amd64: 1 }

/**
 * Reads `linux/amd64`, `linux/arm/v7` or a bare architecture (then linux).
 *
 * @throws {ExpectedError} PLATFORM_INVALID
 */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/')
  const [os = '', architecture = '', variant] = parts.length === 1 ? ['linux', ...parts] : parts
  if (parts.length > 3 || !parts.every((part) => /^[a-z0-9_.-]+$/i.test(part))) {
    throw new ExpectedError('PLATFORM_INVALID', `not a platform: ${JSON.stringify(text)}`, {
      hint: 'Write it as os/architecture[/variant], such as linux/amd64 or linux/arm/v7.',
    })
  }
  return normalizePlatform({ os, architecture, ...(variant && { variant }) })
}

export function normalizePlatform(platform: { os: string; architecture: string; variant?: string }): Platform {
  const named = platform.architecture.toLowerCase()
  const [architecture, impliedVariant] = ARCHITECTURE_ALIASES[named] ?? [named]
  const variant = platform.variant?.toLowerCase() || impliedVariant || (architecture === 'arm' ? 'v7' : undefined)
  const os = platform.os.toLowerCase()
  if (!variant || IMPLIED_VARIANTS.has(`${architecture}/${variant}`)) return { os, architecture }
  return { os, architecture, variant }
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant ? `${os}/${architecture}/${variant}` : `${os}/${architecture}`
}

/** Same os, architecture and variant. */
export function samePlatform(a: Platform, b: Platform): boolean {
  return formatPlatform(normalizePlatform(a)) === formatPlatform(normalizePlatform(b))
}

/**
 * What a runtime on a platform takes of an index, the best first: `arm/v7` runs `arm/v6` and `arm/v5`, `amd64/v3` runs
 * `amd64/v2` and `amd64`. Source: containerd/platforms, platformVector; other architectures that it takes are left out.
 */
export function variantsFor(platform: Platform): Platform[] {
  const own = normalizePlatform(platform)
  const lowest = LOWEST_VARIANTS[own.architecture]
  const number = Number(/^v(\d)$/.exec(own.variant ?? '')?.[1] ?? 0)
  if (lowest === undefined || number <= lowest) return [own]
  const lower = Array.from({ length: number - lowest }, (_, at) => `v${number - 1 - at}`)
  return [own, ...lower.map((variant) => normalizePlatform({ ...own, variant }))]
}

/** Each platform once, in the order in which they come. */
export function distinctPlatforms(platforms: readonly Platform[]): Platform[] {
  return [...new Map(platforms.map((platform) => [formatPlatform(platform), platform])).values()]
}
