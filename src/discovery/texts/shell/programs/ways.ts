import type { Doing } from './flags.ts'

/** A way in which a program is told images: what is behind its verb. */
export interface Way {
  readonly pattern: RegExp
  /** The first word that is an image, or every one: programs that pull and save take many. */
  readonly takes: 'first' | 'all'
  /** Letters of flags mean other things where something is run; images are moved where nothing is said. */
  readonly doing?: Doing
  /** What it is handed is an image even where it is only a word that Docker Hub has, or a path: `docker pull redis`. */
  readonly takesWords?: true
  /** Behind the image stands where it goes, which is none. */
  readonly isMoved?: true
  /** Only what names a registry as its transport is an image: others are files. */
  readonly takesTransports?: true
}

/** `crictl pull ref`, `docker run -d ref`, `ctr -n k8s.io images pull ref`: what follows the verb is options, then the image. */
export const WAYS: readonly Way[] = [
  // What it makes is not there before; what it is made of is.
  { pattern: /\b(docker)\s+(?:buildx\s+)imagetools\s+create\s+(.+)/, takes: 'all', doing: 'index' },
  {
    pattern: /\b(docker|podman|nerdctl|ctr|buildah|img|crictl|finch)\s(?:.{0,200}?\s)?(?:run|create|from)\s+(.+)/,
    takes: 'first',
    doing: 'run',
  },
  {
    pattern: /\b(crictl|docker|podman|nerdctl|ctr|buildah|img|finch|ch-image)\s(?:.{0,200}?\s)?pull\s+(.+)/,
    takes: 'all',
    takesWords: true,
  },
  // What is given another name, or copied, has to be there first.
  { pattern: /\b(docker|podman|nerdctl|ctr)\s(?:.{0,200}?\s)?tag\s+(.+)/, takes: 'first', isMoved: true },
  { pattern: /\b(skopeo)\s(?:.{0,200}?\s)?(?:copy|sync)\s+(.+)/, takes: 'first', isMoved: true },
  { pattern: /\b(crane|regctl|oras|imgpkg)\s(?:.{0,200}?\s)?(?:copy|cp|export)\s+(.+)/, takes: 'first', isMoved: true },
  { pattern: /\b(crane|regctl|oras|imgpkg)\s(?:.{0,200}?\s)?pull\s+(.+)/, takes: 'all' },
  { pattern: /\b(docker|podman|nerdctl|ctr)\s(?:.{0,200}?\s)?(?:save|export)\s+(.+)/, takes: 'all', takesWords: true },
  {
    pattern: /\b(apptainer|singularity|enroot)\s(?:.{0,200}?\s)?(?:pull|build|run|exec|shell|start|import)\s+(.+)/,
    takes: 'first',
    takesTransports: true,
  },
  // Where an image goes to stands behind it.
  {
    pattern:
      /\b(oc)\s(?:.{0,200}?\s)?(?:new-app|import-image|image\s+(?:mirror|extract)|adm\s+release\s+(?:mirror|extract|info))\s+(.+)/,
    takes: 'first',
  },
  { pattern: /\b(kind)\s+load\s+docker-image\s+(.+)/, takes: 'all' },
  { pattern: /\b(minikube|k3d)\s+image\s+(?:load|pull|import)\s+(.+)/, takes: 'all' },
]
