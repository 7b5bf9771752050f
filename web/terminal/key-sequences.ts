/** xterm's sequences: an editor asks for application mode (DECCKM); with Ctrl the modifier stands in the sequence. */
export function arrowSequence(
  letter: string,
  options: { readonly application: boolean; readonly control: boolean },
): string {
  if (options.control) return `\x1b[1;5${letter}`;
  return options.application ? `\x1bO${letter}` : `\x1b[${letter}`;
}
