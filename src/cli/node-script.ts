import { readdir, readFile } from 'node:fs/promises'

const PARTS = new URL('../seed/node-script/', import.meta.url)

/** The script that brings a bundle onto a node: one text, made of its parts in the order of their names. */
export async function readNodeScript(): Promise<string> {
  const names = (await readdir(PARTS)).filter((name) => name.endsWith('.sh')).sort()
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, PARTS), 'utf8')))
  return texts.join('\n')
}
