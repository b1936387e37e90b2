import { onEarlyEnd } from '../../early-end.ts'
import { say } from './streams.ts'

let isSaid = false

/** Says what a run that ends early leaves for the next one. */
export function sayKept(text: string): void {
  isSaid = true
  say(text)
}

/**
 * Has one line said when a signal ends the run: what is kept, and how to go on. Not where something else has said that, nor
 * where somebody else decides how the run ends. Gives the function that takes it back.
 */
export function onStopped(text: string): () => void {
  return onEarlyEnd((signal) => {
    // Of those that listen, one has called this.
    if (signal && !isSaid && process.listenerCount(signal) <= 1) say(`stopped by ${signal}: ${text}`)
  })
}
