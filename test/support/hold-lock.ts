import { FileLock } from '../../src/disk/file-lock.ts'

/** `node hold-lock.ts FILE`: says "held" once it has the lock of a file, and keeps it until standard input ends. */
const lock = await FileLock.acquire(process.argv[2] ?? '')
process.stdout.write('held\n')
process.stdin.resume()
process.stdin.once('end', () => lock.release())
