import { readKey } from '../../classify/key.ts'
import { hasPlaceholder, maskPlaceholders } from '../../classify/placeholders.ts'
import { type CommandImage, imagesToldOtherwise } from './command-lines.ts'
import { handedImages, isImage, isOpenText } from './handed-images.ts'
import { imagesListedInFile } from './listed-files.ts'

const FLAG = /(?<=^|[\s"'[,=])--?([A-Za-z][\w.-]*)(?:=|\s+)["']?([^\s"']*\$[^\s"']*)/g
const MAX_OPEN = 512

/** The images that a command of a script is handed and that are known only in part, or not at all: `docker run $IMAGE`. */
export function openImagesInCommand(line: string): CommandImage[] {
  const listed = imagesListedInFile(line)
  if (listed.length > 0) return listed
  if (!/[$`{]/.test(line) && !hasPlaceholder(line)) return []
  const flags = Array.from(line.matchAll(FLAG), ([, flag = '', value = '']) => ({ reference: value, program: flag }))
  const passed = flags.filter(({ program, reference }) => readKey(program).role === 'image' && isOpenText(reference))
  return [...openIn(line), ...passed].filter(({ reference }) => reference.length <= MAX_OPEN)
}

function openIn(line: string): CommandImage[] {
  const {
    masked: [masked = ''],
    unmask,
  } = maskPlaceholders([line])
  const isOne = (word: string) => isImage(word) || unmask(word) !== word
  const told = imagesToldOtherwise(masked, isOne)
  const handed = told ? [] : handedImages(line).filter(({ isOpen }) => isOpen)
  const set = (told ?? []).map(({ reference, program }) => ({ reference: unmask(reference), program }))
  return [...handed, ...set.filter(({ reference }) => isOpenText(reference))].map(({ reference, program }) => {
    return { reference, program }
  })
}
