import { tellExchanges } from './exchanges.ts'
import { tellPrograms } from './programs.ts'

/** Has what is asked of registries and programs told line by line, from here to the end of the run. */
export function tellAll(tell: (line: string) => void): void {
  tellExchanges(tell)
  tellPrograms(tell)
}
