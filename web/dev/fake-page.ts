/** A web server of a few lines: one request a connection. */
export function fakePage(port: number): { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> } {
  let output: ReadableStreamDefaultController<Uint8Array> | undefined;
  let request = "";
  let answered = false;
  const answer = (): void => {
    const [method = "GET", path = "/"] = request.split(" ");
    const body = `<!doctype html><title>Fake ${port}</title><link rel="stylesheet" href="/style.css"><h1>Welcome to port ${port}</h1><p id="path">${method} ${path.replace(/[<&]/g, "")}</p><a href="/next">Next</a>`;
    const css = "body { font: 16px/24px serif; margin: 32px; color: #222 }";
    const [type, text] = path === "/style.css" ? ["text/css", css] : ["text/html", body];
    output?.enqueue(
      new TextEncoder().encode(
        `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nSet-Cookie: seen=1; Path=/\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`,
      ),
    );
    output?.close();
  };
  return {
    readable: new ReadableStream({
      start(controller) {
        output = controller;
      },
    }),
    writable: new WritableStream({
      write(bytes) {
        request += new TextDecoder().decode(bytes);
        if (answered || !request.includes("\r\n\r\n")) return;
        answered = true;
        answer();
      },
    }),
  };
}
