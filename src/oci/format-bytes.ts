const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** A size for people: `1.4 GB`, in powers of 1000 as registries and disks count. */
export function formatBytes(bytes: number): string {
  const power = Math.min(Math.max(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 0), UNITS.length - 1)
  const value = bytes / 1000 ** power
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`
}
