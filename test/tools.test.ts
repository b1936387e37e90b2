import { expect } from 'vitest'
import { runTool, type Tool, testWith } from './support/debian.ts'

const VERSION_ARGUMENTS: [Tool, string[]][] = [
  ['docker-registry', ['--version']],
  ['skopeo', ['--version']],
  ['umoci', ['--version']],
  ['podman', ['--version']],
  ['containerd', ['--version']],
  ['ctr', ['--version']],
  ['runc', ['--version']],
  ['kubectl', ['version', '--client']],
  ['shellcheck', ['--version']],
]

for (const [tool, args] of VERSION_ARGUMENTS) {
  testWith([tool])(`${tool} runs`, async () => {
    const { stdout } = await runTool(tool, args)
    expect(stdout).toMatch(/\d+\.\d+/)
  })
}
