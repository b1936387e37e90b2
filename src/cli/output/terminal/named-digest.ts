import { shortDigests } from './text-width.ts'

/** A name and what it stands for, the digest once where the name has it; short where a screen is `width` columns wide. */
export function namedDigest(name: string, digest: string, width: number | undefined): string {
  const whole = name.endsWith(`@${digest}`) ? name : `${name} ${digest}`
  return width === undefined ? whole : shortDigests(whole)
}
