/** The same flags, under a heading of their own in the help, below those that a command has for itself. */
export function inGroup<Flags extends object>(helpGroup: 'INPUT' | 'REGISTRY', flags: Flags): Flags {
  const grouped = Object.entries(flags).map(([name, flag]) => [name, { ...flag, helpGroup }])
  return Object.fromEntries(grouped) as Flags
}
