/** JSON in which comments may stand, as AWS's agent allows: `//` to the end of the line, and `/* … *\/`. */
export function parseJsonWithComments(text: string): unknown {
  return JSON.parse(withoutComments(text.replace(/^\uFEFF/, '')))
}

/** Comments become spaces, so that the positions in JSON.parse's complaints stay right. */
function withoutComments(text: string): string {
  const token = /"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
  return text.replace(token, (found) => (found.startsWith('"') ? found : found.replace(/[^\n]/g, ' ')))
}
