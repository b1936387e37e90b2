import { listAssets, readAsset } from '../asset.ts'

/** The script that brings a bundle onto a node: one text, made of its parts in the order of their names. */
export async function readNodeScript(): Promise<string> {
  const names = (await listAssets('seed/node-script')).filter((name) => name.endsWith('.sh')).sort()
  return (await Promise.all(names.map(readAsset))).join('\n')
}
