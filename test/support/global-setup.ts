import { prepareTools } from './debian.ts'

export default prepareTools
