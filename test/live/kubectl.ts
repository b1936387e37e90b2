import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { tool, toolEnvironment } from '../support/debian.ts'

const run = promisify(execFile)

/** Runs kubectl with a kubeconfig; what it says when it fails is in the error. */
export async function kubectlAs(kubeconfig: string, ...args: readonly string[]): Promise<Said> {
  const options = { env: toolEnvironment({ KUBECONFIG: kubeconfig }), maxBuffer: 1 << 28 }
  return run(tool('kubectl'), args, options)
}

export interface Said {
  readonly stdout: string
  readonly stderr: string
}
