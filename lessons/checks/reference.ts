/** Image names as people write them: "nginx", "docker.io/library/nginx:latest" and "nginx:latest" are one. */
export function sameReference(a: string, b: string): boolean {
  return normal(a) === normal(b);
}

function normal(reference: string): string {
  const plain = reference.replace(/^(docker\.io|index\.docker\.io)\//, "").replace(/^library\//, "");
  if (plain.includes("@") || /^(sha256:)?[0-9a-f]{64}$/.test(plain)) return plain;
  return /:[^/]*$/.test(plain) ? plain : `${plain}:latest`;
}
