/** Advice that no syntax checker gives: what makes a build slow. */
export interface Advice {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

const installers: readonly { readonly pattern: RegExp; readonly copies: string; readonly name: string }[] = [
  { pattern: /^\s*RUN\b.*\bpip3? install\b.*-r\s+(\S+)/i, copies: "requirements.txt", name: "pip install" },
  { pattern: /^\s*RUN\b.*\bnpm (ci|install|i)\b/i, copies: "package*.json", name: "npm install" },
  { pattern: /^\s*RUN\b.*\bgo mod download\b/i, copies: "go.mod go.sum", name: "go mod download" },
];

/** `COPY . …` before the installation of packages: each change of any file installs them all again. */
export function copyBeforeInstall(text: string): readonly Advice[] {
  const advice: Advice[] = [];
  let copy: { from: number; to: number } | undefined;
  let offset = 0;
  for (const line of text.split("\n")) {
    const indent = line.length - line.trimStart().length;
    if (/^\s*FROM\b/i.test(line)) copy = undefined;
    else if (/^\s*(COPY|ADD)\s+(--\S+\s+)*\.\/?\s+\S+/i.test(line))
      copy = { from: offset + indent, to: offset + line.trimEnd().length };
    const installer = installers.find(({ pattern }) => pattern.test(line));
    if (copy !== undefined && installer !== undefined) {
      advice.push({
        ...copy,
        message: `Copying everything before ${installer.name} runs it again on every change. Copy ${installer.copies} first, install, then copy the rest.`,
      });
      copy = undefined;
    }
    offset += line.length + 1;
  }
  return advice;
}
