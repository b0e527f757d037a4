/** JSON in which comments may stand, as AWS's agent allows: `//` to the end of the line, and `/* … *\/`. */
export function parseJsonWithComments(text: string): unknown {
  return JSON.parse(withoutComments(text.replace(/^\uFEFF/, '')))
}

/** Comments become spaces, so that the positions in JSON.parse's complaints stay right. */
function withoutComments(text: string): string {
  // What is not closed goes on to the end, so that nothing behind it is looked at again; it stays, and is no JSON.
  const token = /"(?:[^"\\]|\\[\s\S])*(?:"|\\?$)|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g
  const isComment = (found: string) => found.startsWith('//') || /^\/\*[\s\S]*\*\/$/.test(found)
  return text.replace(token, (found) => (isComment(found) ? found.replace(/[^\n]/g, ' ') : found))
}
