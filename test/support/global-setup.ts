import { prepareProgram } from './built-program.ts'
import { prepareTools } from './debian.ts'
import { prepareNodeScript } from './node-script.ts'

export default async function prepare(): Promise<void> {
  prepareProgram()
  await prepareTools()
  await prepareNodeScript()
}
