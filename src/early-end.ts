const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Told by which signal the process ends; nothing where it ends by itself. */
type EarlyEndTask = (signal?: NodeJS.Signals) => void

const tasks = new Set<EarlyEndTask>()

/**
 * Has a task done if the process ends before the task is taken back: by a signal, `process.exit` or a bug. It must be
 * synchronous and not throw; the last one comes first. After a signal the process still ends by that signal, so that a shell sees what happened.
 * Gives the function that takes it back.
 */
export function onEarlyEnd(task: EarlyEndTask): () => void {
  if (tasks.size === 0) {
    process.on('exit', endByItself)
    for (const signal of SIGNALS) process.on(signal, endBy)
  }
  tasks.add(task)
  return () => {
    if (tasks.delete(task) && tasks.size === 0) stopListening()
  }
}

function doAll(signal?: NodeJS.Signals): void {
  for (const task of [...tasks].toReversed()) task(signal)
  tasks.clear()
}

function endByItself(): void {
  doAll()
}

function endBy(signal: NodeJS.Signals): void {
  doAll(signal)
  stopListening()
  // Whoever else listens decides how it ends.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
}

function stopListening(): void {
  process.off('exit', endByItself)
  for (const signal of SIGNALS) process.off(signal, endBy)
}
