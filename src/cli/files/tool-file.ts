import { type FileHandle, open } from 'node:fs/promises'
import { isSea } from 'node:sea'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Lock } from '../../bundle/format/lock.ts'
import { type ToolArchitecture, toolFile, toolsAmong } from '../../bundle/format/node-files.ts'
import { ExpectedError, readError } from '../../errors.ts'
import type { BundleFile } from '../../layout/bundle-file.ts'

export interface Tool {
  readonly architecture: ToolArchitecture
  /** Where in the bundle it goes. */
  readonly name: string
  /** Compressed. */
  readonly content: Uint8Array
}

/** The field e_machine of an ELF file, see elf.h. */
const ELF_MACHINES: Readonly<Record<number, ToolArchitecture>> = { 62: 'amd64', 183: 'arm64' }

const compress = promisify(gzip)

/**
 * Builds of this program that need no Node, as files to carry inside a bundle, one for each architecture. Without paths
 * it is the program that runs.
 *
 * @throws {ExpectedError} USAGE when the program that runs needs Node, when a file is no program, or when two are for
 *   the same architecture; INPUT_NOT_FOUND, INPUT_UNREADABLE
 */
export async function readTools(paths: readonly string[]): Promise<Tool[]> {
  const own = isSea() ? [process.execPath] : []
  const files = paths.length > 0 ? paths : own
  if (files.length === 0) {
    throw new ExpectedError('USAGE', 'this nodeseed needs Node, so it is of no use to carry', {
      hint: 'Build one that does not with npm run build:binary, and name it: --tool release/nodeseed-linux-x64',
    })
  }
  const tools = new Map<ToolArchitecture, Tool>()
  for (const file of files) {
    const tool = await readTool(file)
    if (tools.has(tool.architecture)) {
      throw new ExpectedError('USAGE', `${file}: another --tool is for ${tool.architecture} too`, {
        hint: 'Name one build for each architecture.',
      })
    }
    tools.set(tool.architecture, tool)
  }
  return [...tools.values()]
}

/** The architectures of a lock's images that none of the tools runs on. */
export function architecturesWithout(tools: readonly Tool[], { images }: Lock): string[] {
  const wanted = images.flatMap(({ platforms }) => platforms.map(({ platform }) => platform.architecture))
  return [...new Set(wanted)].filter((name) => !tools.some(({ architecture }) => architecture === name)).sort()
}

/** The builds that bundles carry, to carry them on: of two for the same architecture the later bundle's. */
export async function carriedTools(bundles: readonly BundleFile[]): Promise<Tool[]> {
  const tools = new Map<ToolArchitecture, Tool>()
  for (const bundle of bundles) {
    for (const architecture of toolsAmong(bundle.table.files)) {
      const name = toolFile(architecture)
      const content = await bundle.readFile(name)
      if (content) tools.set(architecture, { architecture, name, content })
    }
  }
  return [...tools.values()]
}

async function readTool(file: string): Promise<Tool> {
  const handle = await open(file).catch((error) => {
    throw readError(file, error)
  })
  try {
    const architecture = await architectureOf(handle)
    if (architecture) {
      return { architecture, name: toolFile(architecture), content: await compress(await handle.readFile()) }
    }
  } finally {
    await handle.close()
  }
  throw new ExpectedError('USAGE', `${file}: not a program for Linux on amd64 or arm64`, {
    hint: 'Take the executable of a release, or what npm run build:binary makes (-- --arch arm64 for Arm).',
  })
}

/** Leaves the handle at the start of the file. */
async function architectureOf(handle: FileHandle): Promise<ToolArchitecture | undefined> {
  const { buffer: head, bytesRead } = await handle.read(Buffer.alloc(20), 0, 20, 0)
  const isElf = bytesRead === 20 && head.toString('latin1', 0, 4) === '\x7fELF'
  return isElf ? ELF_MACHINES[head.readUInt16LE(18)] : undefined
}
