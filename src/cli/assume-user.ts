import { userInfo } from 'node:os'

// In a container the user may stand in no passwd file. Libraries look there for what the environment leaves out, some of
// them as soon as they are loaded: import this before them.
try {
  userInfo()
} catch {
  process.env.HOME ??= '/'
  process.env.SHELL ??= '/bin/sh'
}
