import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { credentials, loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

/** What the kubelet would hear about an image. */
export interface CriImage {
  readonly id: string
  readonly repoTags: string[]
  readonly repoDigests: string[]
  readonly pinned: boolean
}

/** A container as the kubelet asks for it. Field names are those of the CRI, in camel case. */
export interface CriContainer {
  readonly image: string
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly envs: readonly { key: string; value: string }[]
  readonly mounts: readonly { hostPath: string; containerPath: string; readonly: boolean }[]
  readonly runAsUser: number | undefined
  readonly runAsGroup: number | undefined
  readonly dropCapabilities: readonly string[]
  /** Whether it sees the processes of the host. */
  readonly hostProcesses?: boolean
  readonly privileged?: boolean
  readonly readonlyRootfs: boolean
}

const EXITED = 2
/** A pod that shares the host's network, and its processes where asked. */
function hostNamespaces({ hostProcesses = false, privileged = false }: CriContainer) {
  return { namespaceOptions: { network: 'NODE', pid: hostProcesses ? 'NODE' : 'POD' }, privileged }
}

type Client = InstanceType<ServiceClientConstructor>

/** Speaks to a runtime over its socket, as the kubelet does. */
export class CriClient {
  readonly #images: Client
  readonly #runtime: Client

  constructor(socket: string) {
    const definition = loadSync(fileURLToPath(new URL('cri.proto', import.meta.url)), { enums: String, defaults: true })
    const { v1 } = (loadPackageDefinition(definition) as unknown as { runtime: { v1: Record<string, Client> } }).runtime
    const [Images, Runtime] = [v1.ImageService, v1.RuntimeService] as unknown as ServiceClientConstructor[]
    this.#images = new Images!(`unix:${socket}`, credentials.createInsecure())
    this.#runtime = new Runtime!(`unix:${socket}`, credentials.createInsecure())
  }

  /** The image that a pod's reference leads to; undefined where the kubelet would have to pull. */
  async imageStatus(image: string): Promise<CriImage | undefined> {
    const answer = await call(this.#images, 'ImageStatus', { image: { image } })
    return (answer.image as CriImage | null) ?? undefined
  }

  /** Pulls as the kubelet does: through the mirrors of the runtime's `certs.d`. */
  async pullImage(image: string): Promise<void> {
    await call(this.#images, 'PullImage', { image: { image } })
  }

  /** Runs one container in a pod on the host's network, to its end. */
  async runPod(name: string, container: CriContainer): Promise<{ exitCode: number; log: string }> {
    const logDirectory = await mkdtemp(join(tmpdir(), 'nodeseed-pod-'))
    const metadata = { name, uid: name, namespace: 'test' }
    const sandbox = { metadata, logDirectory, linux: { securityContext: hostNamespaces(container) } }
    const { podSandboxId } = await call(this.#runtime, 'RunPodSandbox', { config: sandbox })
    try {
      const config = containerConfig(container)
      const created = { podSandboxId, config, sandboxConfig: sandbox }
      const { containerId } = await call(this.#runtime, 'CreateContainer', created)
      await call(this.#runtime, 'StartContainer', { containerId })
      const { exitCode } = await this.#untilExited(containerId)
      return { exitCode: Number(exitCode), log: await readLog(join(logDirectory, config.logPath)) }
    } finally {
      await call(this.#runtime, 'StopPodSandbox', { podSandboxId })
      await call(this.#runtime, 'RemovePodSandbox', { podSandboxId })
      await rm(logDirectory, { recursive: true, force: true })
    }
  }

  async #untilExited(containerId: unknown): Promise<Record<string, unknown>> {
    for (;;) {
      const { status } = await call(this.#runtime, 'ContainerStatus', { containerId })
      const { state } = status as { state: number }
      if (state === EXITED) return status as Record<string, unknown>
      await sleep(50)
    }
  }

  close(): void {
    this.#images.close()
    this.#runtime.close()
  }
}

function call(client: Client, method: string, request: object): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    client[method]?.(request, (error: Error | null, answer: Record<string, unknown>) => {
      if (error) reject(error)
      else resolve(answer)
    })
  })
}

function containerConfig(container: CriContainer) {
  const { image, command, args, envs, mounts, runAsUser, runAsGroup, dropCapabilities, readonlyRootfs } = container
  const securityContext = {
    ...hostNamespaces(container),
    capabilities: { dropCapabilities },
    ...(runAsUser !== undefined && { runAsUser: { value: runAsUser } }),
    ...(runAsGroup !== undefined && { runAsGroup: { value: runAsGroup } }),
    readonlyRootfs,
    noNewPrivs: !container.privileged,
  }
  const metadata = { name: 'main' }
  return { metadata, image: { image }, logPath: 'main.log', linux: { securityContext }, command, args, envs, mounts }
}

/** Each line of a CRI log is a time, a stream, a tag, and what the container said. */
async function readLog(file: string): Promise<string> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean)
  return lines.map((line) => line.split(' ').slice(3).join(' ')).join('\n')
}
