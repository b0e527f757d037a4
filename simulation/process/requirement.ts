/**
 * For a test's `skip`: false when what it needs is there, else the reason. Where all must run (REQUIRE_ALL_TOOLS=1),
 * nothing is skipped, and the test fails for want of it.
 */
export function requirement(name: string, isThere: boolean): string | false {
  if (isThere || process.env.REQUIRE_ALL_TOOLS === '1') return false
  return `${name} is not here: on Linux, apt-get install strace util-linux`
}
