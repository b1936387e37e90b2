import { execFile } from 'node:child_process'
import { existsSync, writeSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'vitest'
import { temporaryDirectory } from './temporary.ts'

/** No Debian package brings helm: it is taken from NODESEED_HELM, NODESEED_TOOLS or PATH. */
const HELM = [process.env.NODESEED_HELM, process.env.NODESEED_TOOLS, process.env.PATH]
  .flatMap((list) => (list ?? '').split(delimiter))
  .filter(Boolean)
  .map((directory) => join(directory, 'helm'))
  .find((path) => existsSync(path))

/** `test`, for a test that needs a real helm; without one it says so and is left out. */
export function testWithHelm(what: string): typeof test {
  if (HELM !== undefined) return test
  writeSync(2, `NOT RUN: ${what}: there is no helm in NODESEED_HELM or on PATH\n`)
  return test.skip as unknown as typeof test
}

/** A PATH on which that helm comes first. */
export function pathWithHelm(): string {
  return [...(HELM === undefined ? [] : [dirname(HELM)]), process.env.PATH ?? ''].join(delimiter)
}

/** Runs that helm with a home of its own, so that nothing of this machine's counts; by a proxy where one is named. */
export async function helm(args: readonly string[], proxy = ''): Promise<{ stdout: string; stderr: string }> {
  const home = await temporaryDirectory()
  const homes = { HOME: home, HELM_DATA_HOME: home, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home }
  const env = { PATH: process.env.PATH, ...homes, HTTP_PROXY: proxy }
  return promisify(execFile)(HELM ?? 'helm', args, { env, cwd: home })
}
