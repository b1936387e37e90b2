import { composeScript } from '../../seed/compose-script.ts'
import { listAssets, readAsset } from '../asset.ts'

const ROOT = 'seed/node-script'

/** The script that brings a bundle onto a node, as one text. */
export async function readNodeScript(): Promise<string> {
  const folders = [ROOT, `${ROOT}/bundle`, `${ROOT}/means`, `${ROOT}/methods`]
  const names = new Set((await Promise.all(folders.map(listAssets))).flat().filter((name) => name.endsWith('.sh')))
  const parts = [...names].map(async (name) => [name.slice(ROOT.length + 1), await readAsset(name)] as const)
  return composeScript(new Map(await Promise.all(parts)))
}
