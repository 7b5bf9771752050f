/** Clients' sessions: a client that builds keeps a connection on which it serves its files, secrets and credentials (buildkit/session). */

import type { ApiRequest, ByteDuplex } from "../transport.ts";
import { code, GrpcClient, type OpenCall, RpcError } from "./grpc.node.ts";
import { messages } from "./messages.node.ts";
import { handedOver } from "./socket.node.ts";

export class Session {
  readonly client: GrpcClient;
  readonly #methods: ReadonlySet<string>;

  constructor(client: GrpcClient, methods: readonly string[]) {
    this.client = client;
    this.#methods = new Set(methods.map((method) => method.toLowerCase()));
  }

  offers(path: string): boolean {
    return this.#methods.has(path.toLowerCase());
  }

  /** `undefined` when the client has no such secret. */
  async secret(id: string): Promise<Uint8Array | undefined> {
    const path = "/moby.buildkit.secrets.v1.Secrets/GetSecret";
    if (!this.offers(path)) return undefined;
    try {
      return messages.secret.decode(await this.client.unary(path, messages.secretRequest.encode({ ID: id }))).data;
    } catch (error) {
      if (error instanceof RpcError && error.code === code.notFound) return undefined;
      throw error;
    }
  }

  /** What the client was given on standard input: it names it by an address of a host that only it knows. */
  upload(address: string): ReadableStream<Uint8Array> {
    const call = this.client.open("/moby.upload.v1.Upload/Pull", { urlpath: new URL(address).pathname });
    // Nothing is asked: a side left open would be reset with bytes still to be read.
    call.end();
    const parts = call.incoming[Symbol.asyncIterator]();
    return new ReadableStream({
      async pull(controller) {
        const { done, value } = await parts.next();
        if (done === true) controller.close();
        else controller.enqueue(messages.bytes.decode(value).data);
      },
      cancel: () => call.cancel(),
    });
  }

  /** A connection to the client's SSH agent of that id; undefined where it has none. */
  async agent(id: string): Promise<(() => ByteDuplex) | undefined> {
    const service = "/moby.sshforward.v1.SSH";
    if (!this.offers(`${service}/ForwardAgent`)) return undefined;
    try {
      await this.client.unary(`${service}/CheckAgent`, messages.checkAgent.encode({ ID: id }));
    } catch {
      return undefined;
    }
    return () => bytesOf(this.client.open(`${service}/ForwardAgent`, { "buildkit.ssh.id": id }));
  }

  /** `undefined` where the client knows none for the host. */
  async credentials(host: string): Promise<{ readonly username: string; readonly password: string } | undefined> {
    const path = "/moby.filesync.v1.Auth/Credentials";
    if (!this.offers(path)) return undefined;
    const request = messages.credentialsRequest.encode({ Host: host === "docker.io" ? "registry-1.docker.io" : host });
    const { Username, Secret } = messages.credentials.decode(await this.client.unary(path, request));
    return Secret === "" ? undefined : { username: Username, password: Secret };
  }
}

/** A call whose messages are pieces of a byte stream. */
export function bytesOf(call: OpenCall): ByteDuplex {
  const parts = call.incoming[Symbol.asyncIterator]();
  return {
    readable: new ReadableStream({
      async pull(controller) {
        const { done, value } = await parts.next();
        if (done === true) controller.close();
        else controller.enqueue(messages.bytes.decode(value).data);
      },
      cancel: () => call.cancel(),
    }),
    writable: new WritableStream({
      write: (data) => call.send(messages.bytes.encode({ data })),
      close: () => call.end(),
      abort: () => call.cancel(),
    }),
  };
}

/** A build may name its session before the session is here. */
const patience = 10_000;

export class Sessions {
  readonly #open = new Map<string, Session>();
  readonly #waiting = new Map<string, ((session: Session) => void)[]>();

  /** Takes the connection of `POST /session`, or of the call Control/Session. */
  accept({ headers = {} }: Pick<ApiRequest, "headers">): ByteDuplex {
    const id = headers["x-docker-expose-session-uuid"] ?? "";
    const methods = (headers["x-docker-expose-session-grpc-method"] ?? "").split(/,\s*/).filter(Boolean);
    const { stream, socket } = handedOver();
    const session = new Session(new GrpcClient(socket), methods);
    this.#open.set(id, session);
    session.client.onClose(() => {
      if (this.#open.get(id) === session) this.#open.delete(id);
    });
    for (const resolve of this.#waiting.get(id) ?? []) resolve(session);
    this.#waiting.delete(id);
    return stream;
  }

  async find(id: string): Promise<Session> {
    const known = this.#open.get(id);
    if (known !== undefined) return known;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new RpcError(code.notFound, `no active session for ${id}: context deadline exceeded`)),
        patience,
      );
      const found = (session: Session): void => {
        clearTimeout(timer);
        resolve(session);
      };
      this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), found]);
    });
  }
}
