import { prepareTools } from './debian.ts'
import { prepareNodeScript } from './node-script.ts'

export default async function prepare(): Promise<void> {
  await prepareTools()
  await prepareNodeScript()
}
