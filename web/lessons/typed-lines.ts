/** Docker lines that were typed, as the screen shows them behind the prompt. */
export function typedLines(screen: string): readonly string[] {
  return [...screen.matchAll(/^\S*\$ (docker [^\n]*\S)\s*$/gm)].map(([, line]) => line ?? "");
}
