import { existsSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The path of a program on PATH; undefined where there is none. */
export function findOnPath(program: string): string | undefined {
  const paths = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, program))
  return paths.find((path) => existsSync(path) && statSync(path).isFile())
}
