import { runTool } from './debian.ts'

/** Copies an image, with all its platforms, from a registry without TLS into a directory of skopeo's own form. */
export async function copyWithSkopeo(image: string, directory: string): Promise<void> {
  const source = ['--src-tls-verify=false', `docker://${image}`]
  await runTool('skopeo', ['--insecure-policy', 'copy', '--all', ...source, `dir:${directory}`])
}
