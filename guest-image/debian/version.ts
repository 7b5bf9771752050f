/** Order of Debian version numbers (deb-version(7)): epoch, upstream version and revision, `~` before everything, letters before signs. */

const rank = (char: string | undefined): number => {
  if (char === undefined || /\d/.test(char)) return 0;
  if (char === "~") return -1;
  return /[A-Za-z]/.test(char) ? char.charCodeAt(0) : char.charCodeAt(0) + 256;
};

function comparePart(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !/\d/.test(a[i] ?? "")) || (j < b.length && !/\d/.test(b[j] ?? ""))) {
      const order = rank(a[i]) - rank(b[j]);
      if (order !== 0) return order;
      i++;
      j++;
    }
    const left = /^\d*/.exec(a.slice(i))?.[0] ?? "";
    const right = /^\d*/.exec(b.slice(j))?.[0] ?? "";
    const order = BigInt(left || "0") - BigInt(right || "0");
    if (order !== 0n) return order < 0n ? -1 : 1;
    i += left.length;
    j += right.length;
  }
  return 0;
}

function split(version: string): readonly [epoch: number, upstream: string, revision: string] {
  const colon = version.indexOf(":");
  const epoch = colon < 0 ? 0 : Number(version.slice(0, colon));
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf("-");
  return dash < 0 ? [epoch, rest, "0"] : [epoch, rest.slice(0, dash), rest.slice(dash + 1)];
}

/** Negative when `a` is older than `b`, positive when newer, 0 when equal. */
export function compareVersions(a: string, b: string): number {
  const [epochA, upstreamA, revisionA] = split(a);
  const [epochB, upstreamB, revisionB] = split(b);
  return epochA - epochB || comparePart(upstreamA, upstreamB) || comparePart(revisionA, revisionB);
}
