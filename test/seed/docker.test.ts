import { expect } from 'vitest'
import { runTool, testWith } from '../support/debian.ts'
import { startDocker } from '../support/dockerd.ts'
import { runNodeScript } from '../support/node-script.ts'
import { writeShop } from '../support/test-images.ts'

const withDocker = testWith(['docker', 'dockerd', 'containerd', 'skopeo', 'busybox'], { root: true })

withDocker('docker: every tag leads to its image, and what the classic store loses is said', async () => {
  const { file, images } = await writeShop()
  const docker = await startDocker()
  const seed = (...more: string[]) => runNodeScript(['--method', 'docker', '--ctr', docker.program, ...more, file])
  expect((await seed('--check')).report).toMatchObject({ result: 'gap', missingCount: 4 })
  const first = await seed()
  expect(first, first.stderr).toMatchObject({ code: 0, report: { result: 'seeded', runtime: 'docker', imported: 4 } })
  expect(first.report.message).toBe(
    "docker's classic store keeps no registry digests: 2 names are there by tag only, and a pod that names the digest would pull",
  )
  for (const { names, platforms } of images) {
    const [tag = '', digest = ''] = names
    const id = await docker.docker('image', 'inspect', '--format', '{{.Id}}', tag)
    expect(id.trim()).toBe(platforms[0]?.config.digest)
    await expect(docker.docker('image', 'inspect', digest)).rejects.toThrow('No such image')
  }
  expect(await docker.docker('images', '--quiet')).toMatch(/^\w+\n\w+\n$/) // none for another platform
  expect((await seed()).report).toMatchObject({ result: 'unchanged' })
  expect((await seed('--check')).code).toBe(0)

  await docker.docker('image', 'rm', 'web:1')
  expect((await seed('--check')).report).toMatchObject({ result: 'gap', missingCount: 2 })
  expect((await seed()).report).toMatchObject({ result: 'seeded', imported: 2 })
})

withDocker('docker load takes the bundle as it is, and what it holds is what the registry served', async () => {
  const { file, images } = await writeShop()
  const { docker } = await startDocker()
  expect(await docker('load', '--input', file)).toContain('Loaded image: web:1')
  const [web] = images
  const [{ RootFS, Config }] = JSON.parse(await docker('image', 'inspect', 'docker.io/library/web:1'))
  expect(Config.Cmd).toEqual(['/bin/busybox', 'echo', 'web starts'])
  const { stdout } = await runTool('skopeo', ['inspect', '--config', '--raw', `docker-archive:${file}:web:1`])
  expect(RootFS.Layers).toEqual(JSON.parse(stdout).rootfs.diff_ids)
  expect(RootFS.Layers).toHaveLength(web?.platforms[0]?.layers.length ?? 0)
})
