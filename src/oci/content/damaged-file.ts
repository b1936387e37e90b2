import { ExpectedError } from '../../errors.ts'

/**
 * What is wrong with a document in a file, with what helps there: of the same document a registry would have to be asked for
 * another. Everything else as it is.
 */
export function inFile(error: unknown): unknown {
  if (!(error instanceof ExpectedError) || error.hint !== undefined) return error
  if (error.code !== 'CONTENT_MISMATCH' && error.code !== 'BLOB_UNKNOWN') return error
  return new ExpectedError(error.code === 'BLOB_UNKNOWN' ? 'BUNDLE_INVALID' : error.code, error.message, {
    hint: 'Save the images again where they are, and copy the file once more: this one is cut off, damaged or was changed.',
    cause: error,
  })
}
