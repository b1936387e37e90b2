const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** A size for people: `1.4 GB`, in powers of 1000 as registries and disks count. */
export function formatBytes(bytes: number): string {
  const power = powerOf(bytes)
  return `${inUnits(bytes, power)} ${UNITS[power]}`
}

/** How much of a size, in the unit of the whole: `34 of 119 MB`. */
export function formatShare(bytes: number, whole: number): string {
  const power = powerOf(whole)
  return `${inUnits(bytes, power)} of ${inUnits(whole, power)} ${UNITS[power]}`
}

function powerOf(bytes: number): number {
  return Math.min(Math.max(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 0), UNITS.length - 1)
}

function inUnits(bytes: number, power: number): string {
  const value = bytes / 1000 ** power
  return value < 10 && power > 0 ? value.toFixed(1) : `${Math.round(value)}`
}
