/** How much a run says beside errors and results: `-q` less than usual, `-v` more. */
type Volume = 'quiet' | 'usual' | 'verbose'

let volume: Volume = 'usual'

/** Says once, for the whole run, how much is wanted. */
export function setVolume({
  quiet,
  verbose,
}: {
  readonly quiet?: boolean | undefined
  readonly verbose?: boolean | undefined
}): void {
  volume = quiet ? 'quiet' : verbose ? 'verbose' : 'usual'
}

/** Whether errors, what is left out and results are all that is wanted: no progress, no notes. */
export function isQuiet(): boolean {
  return volume === 'quiet'
}

/** Whether what is asked of whom is wanted, line by line. */
export function isVerbose(): boolean {
  return volume === 'verbose'
}
