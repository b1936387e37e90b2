/** Processors that demo programs are made for, by their GOARCH name. */
export type Architecture = 'amd64' | 'arm64'

const MACHINES: Record<Architecture, { readonly elfMachine: number; code(message: { length: number }): Buffer }> = {
  amd64: { elfMachine: 62, code: amd64Code },
  arm64: { elfMachine: 183, code: arm64Code },
}

const LOAD_ADDRESS = 0x400000n
const HEADERS_LENGTH = 64 + 56

/**
 * A static Linux program that writes a line to standard output and then waits until it is killed: all that a demo image
 * has to run, without a compiler. Sources: ELF-64 object file format; the system call tables of Linux.
 */
export function printingProgram(architecture: Architecture, line: string): Buffer {
  const { elfMachine, code } = MACHINES[architecture]
  const message = Buffer.from(`${line}\n`)
  const body = Buffer.concat([code(message), message])
  return Buffer.concat([elfHeaders(elfMachine, HEADERS_LENGTH + body.length), body])
}

/** write(1, message, length), then pause() for ever. */
function amd64Code({ length }: { length: number }): Buffer {
  const code = Buffer.from(
    [
      'b801000000', // mov eax, 1 (write)
      'bf01000000', // mov edi, 1 (standard output)
      '488d3500000000', // lea rsi, [rip + message]
      'ba00000000', // mov edx, length
      '0f05', // syscall
      'b822000000', // mov eax, 34 (pause)
      '0f05', // syscall
      'ebf7', // jmp to the mov before
    ].join(''),
    'hex',
  )
  code.writeInt32LE(code.length - 17, 13)
  code.writeInt32LE(length, 18)
  return code
}

/** write(1, message, length), then ppoll(0, 0, 0, 0), which waits, for ever. */
function arm64Code({ length }: { length: number }): Buffer {
  const instructions = [
    0xd2800020, // mov x0, #1 (standard output)
    adr(1, 4 * 12), // adr x1, message: twelve instructions on
    movz(2, length), // mov x2, #length
    movz(8, 64), // mov x8, #64 (write)
    0xd4000001, // svc #0
    movz(0, 0),
    movz(1, 0),
    movz(2, 0),
    movz(3, 0),
    movz(4, 0),
    movz(8, 73), // mov x8, #73 (ppoll)
    0xd4000001, // svc #0
    0x17fffff9, // b to the movz of x0
  ]
  const code = Buffer.alloc(instructions.length * 4)
  instructions.forEach((instruction, index) => {
    code.writeUInt32LE(instruction >>> 0, index * 4)
  })
  return code
}

function movz(register: number, value: number): number {
  return 0xd2800000 | (value << 5) | register
}

function adr(register: number, offset: number): number {
  return 0x10000000 | ((offset & 3) << 29) | ((offset >> 2) << 5) | register
}

/** The file header and one segment that maps the whole file, readable and executable. */
function elfHeaders(machine: number, fileLength: number): Buffer {
  const headers = Buffer.alloc(HEADERS_LENGTH)
  headers.write('7f454c46020101', 'hex')
  headers.writeUInt16LE(2, 16) // type: executable
  headers.writeUInt16LE(machine, 18)
  headers.writeUInt32LE(1, 20) // version
  headers.writeBigUInt64LE(LOAD_ADDRESS + BigInt(HEADERS_LENGTH), 24) // entry point
  headers.writeBigUInt64LE(64n, 32) // program headers follow the file header
  headers.writeUInt16LE(64, 52) // size of the file header
  headers.writeUInt16LE(56, 54) // size of a program header
  headers.writeUInt16LE(1, 56) // number of program headers
  headers.writeUInt32LE(1, 64) // segment type: load
  headers.writeUInt32LE(5, 68) // flags: read and execute
  headers.writeBigUInt64LE(LOAD_ADDRESS, 80)
  headers.writeBigUInt64LE(LOAD_ADDRESS, 88)
  headers.writeBigUInt64LE(BigInt(fileLength), 96)
  headers.writeBigUInt64LE(BigInt(fileLength), 104)
  headers.writeBigUInt64LE(0x10000n, 112) // alignment: the largest page of either processor
  return headers
}
