import { join, relative } from 'node:path'
import { isSea } from 'node:sea'
import { fileURLToPath } from 'node:url'
import { Flags } from '@oclif/core'
import { readAsset } from '../cli/asset.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { startEmbeddedRegistry } from '../demo/embedded-registry.ts'
import type { Step } from '../demo/step.ts'
import { walk } from '../demo/walk.ts'
import { StagedOutput, writeNew } from '../disk/staged-output.ts'
import { writeError } from '../errors.ts'

const EXAMPLES = fileURLToPath(new URL('../../examples/demo', import.meta.url))
const INPUTS = ['shop.yaml', 'nodes.yaml']
const ABOUT_FILE = 'about-this-demo.txt'
const ABOUT = `What nodeseed demo wrote, and will replace when it runs again here.

shop.lock   what each reference stands for
shop.tar    the bundle: all images in one file, also an OCI image layout
seed/       what brings the bundle onto the nodes
after/      the manifests and nodes as they are once that is done

Each image holds one program that prints its name and waits, so all of this runs on a real cluster too.
`

export default class Demo extends BaseCommand {
  static override summary = 'go the whole path on a small example, without network: what happens, and where it lies'
  static override description =
    'Runs what the commands run, on examples/demo, against a registry of its own with images that it makes itself.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --output /tmp/demo',
  ]
  static override flags = {
    output: Flags.string({
      char: 'o',
      description: 'directory for the results',
      default: 'nodeseed-demo',
      helpValue: 'DIR',
    }),
  }

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Demo)
    this.whenStopped('nothing was written; run the same command again')
    const started = performance.now()
    const carried = isSea() ? await carriedInputs() : []
    const files = [{ path: ABOUT_FILE, content: ABOUT }, ...carried]
    const output = await StagedOutput.begin(flags.output, { force: true })
    const examples = carried.length > 0 ? join(flags.output, 'input') : relative(process.cwd(), EXAMPLES)
    const steps: Step[] = []
    const registry = await startEmbeddedRegistry()
    try {
      for (const { path, content } of files) await writeNew(join(output.path, path), content)
      const paths = {
        manifests: join(examples, 'shop.yaml'),
        nodes: join(examples, 'nodes.yaml'),
        directory: flags.output,
        realPath: (path: string) =>
          path.startsWith(join(flags.output, '/')) ? join(output.path, relative(flags.output, path)) : path,
      }
      for await (const step of walk({ ...paths, client: registry.client })) {
        steps.push(step)
        this.#show(step, steps.length)
      }
      await output.commit()
    } catch (error) {
      await output.abandon()
      throw writeError(flags.output, error)
    } finally {
      await registry.stop()
    }
    const seconds = (performance.now() - started) / 1000
    this.log(
      `\nDone in ${seconds.toFixed(1)} s. Everything lies in ${flags.output}; ${ABOUT_FILE} there says what is what.`,
    )
    return { directory: flags.output, seconds, steps }
  }

  #show({ title, command, said, output }: Step, number: number): void {
    this.log(`${number > 1 ? '\n' : ''}${number}. ${title}\n   $ ${command}`)
    for (const line of said) this.log(`   ${line}`)
    if (output) this.log(`   -> ${output}`)
  }
}

/** The single executable brings the examples along, and lays them beside the results. */
function carriedInputs(): Promise<{ path: string; content: string }[]> {
  return Promise.all(
    INPUTS.map(async (name) => ({ path: `input/${name}`, content: await readAsset(`examples/demo/${name}`) })),
  )
}
