/** Resolves when the process is told to stop (SIGTERM, or Ctrl-C); SIGHUP calls `onReload` each time until then. */
export async function untilStopped(onReload: () => void): Promise<void> {
  process.on('SIGHUP', onReload)
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve())
    process.once('SIGINT', () => resolve())
  })
  process.off('SIGHUP', onReload)
}
