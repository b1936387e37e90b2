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

/** Asks a runtime over its socket for images, as the kubelet does before it starts a container. */
export class CriClient {
  readonly #client: InstanceType<ServiceClientConstructor>

  constructor(socket: string) {
    const definition = loadSync(fileURLToPath(new URL('cri.proto', import.meta.url)))
    const service = loadPackageDefinition(definition) as unknown as {
      runtime: { v1: { ImageService: ServiceClientConstructor } }
    }
    this.#client = new service.runtime.v1.ImageService(`unix:${socket}`, credentials.createInsecure())
  }

  /** The image that a pod's reference leads to; undefined where the kubelet would have to pull. */
  imageStatus(image: string): Promise<CriImage | undefined> {
    return new Promise((resolve, reject) => {
      this.#client.ImageStatus?.({ image: { image } }, (error: Error | null, answer?: { image?: CriImage | null }) => {
        if (error) reject(error)
        else resolve(answer?.image ?? undefined)
      })
    })
  }

  close(): void {
    this.#client.close()
  }
}
