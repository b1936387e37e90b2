import { findProjects } from './find-project.ts'
import type { Project } from './project-file.ts'

interface ProjectFlags {
  readonly config?: string | undefined
  readonly image?: readonly string[]
  readonly distro?: readonly string[]
  readonly platform?: readonly string[]
  readonly nodes?: string | undefined
}

/**
 * A command line with what it leaves to the project file: inputs where it names none and no image, and platforms. Where
 * several directories among the inputs have one, the first that says something decides.
 *
 * @throws what reading a project file throws.
 */
export async function withProject<F extends ProjectFlags>(
  named: readonly string[],
  flags: F,
): Promise<{ inputs: readonly string[]; flags: F; project: Project }> {
  const projects = await findProjects(named, flags.config)
  const first = <K extends keyof Project>(key: K) =>
    projects.map((project) => project[key]).find((one) => one !== undefined)
  const isOpen = named.length === 0 && !flags.image?.length && !flags.distro?.length
  const inputs = (isOpen ? first('inputs') : undefined) ?? named
  const platforms = flags.platform?.length || flags.nodes !== undefined ? undefined : first('platforms')
  // Its own directory need not be among its inputs.
  const config = flags.config ?? (isOpen ? projects[0]?.file : undefined)
  const [output, force] = [first('output'), first('force')]
  return {
    inputs,
    flags: { ...flags, ...(config !== undefined && { config }), ...(platforms && { platform: [...platforms] }) },
    project: { ...(output !== undefined && { output }), ...(force !== undefined && { force }) },
  }
}
