import { realpath } from 'node:fs/promises'
import { ExpectedError } from '../../errors.ts'
import { quote } from '../../quote.ts'
import { startTool } from '../../tools/start-tool.ts'
import type { ByteFile } from '../files/byte-file.ts'
import type { Compression } from './compression.ts'

/**
 * What a program of this machine unpacks of a file, only as fast as it is taken. The program ends with its reader.
 *
 * @throws {ExpectedError} UNSUPPORTED where there is none, or the file lies in parts; {Error} with what the program says
 */
export async function* unpackByProgram(
  { name, byHand }: Compression,
  { path, isInParts }: ByteFile,
): AsyncGenerator<Uint8Array> {
  const [program = '', ...flags] = byHand.split(' ')
  const isAble = PROGRAMS.has(program) && !isInParts
  const tool = isAble ? startTool(program, [...flags, '-c', await realpath(path)], { hasGroup: true }) : undefined
  if (!tool) throw notUnpacked(name, path, isAble, byHand, program)
  const { child, stop } = tool
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-1000)
  })
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', ({ message }) => resolve(message))
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'no code'))
  })
  try {
    yield* (child.stdout ?? []) as AsyncIterable<Uint8Array>
    const code = await ended
    // With success bzip2 says only that it ignored what follows the end.
    if (code !== 0 || said.trim() !== '')
      throw new Error(`${program} says: ${said.trim().split('\n').at(-1) || `ended with ${code}`}`)
  } finally {
    stop()
  }
}

/** Those that write to standard output with `-c`. */
const PROGRAMS = new Set(['lz4', 'bzip2', 'xz'])

function notUnpacked(name: string, path: string, isAble: boolean, byHand: string, program: string): ExpectedError {
  const reason = isAble ? `, and there is no program ${program} on PATH` : ', which is not read here'
  return new ExpectedError('UNSUPPORTED', `${path}: compressed with ${name}${reason}`, {
    hint: `${isAble ? `Install ${program}, or unpack` : 'Unpack'} it first with: ${byHand} ${quote(path)}`,
  })
}
