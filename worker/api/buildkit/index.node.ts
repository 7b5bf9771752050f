/**
 * BuildKit's protocol for real clients: `POST /session` and `POST /grpc` become HTTP/2 connections, on which buildx's docker driver
 * builds. It stands in front of the engine's API, for a server in Node: node:http2 is what speaks HTTP/2, and a tab has no real clients.
 */
import { recordId } from "../../engine/build/index.ts";
import type { ApiRequest, ApiResponse, ApiTransport } from "../transport.ts";
import type { AgentMachine } from "./agents.node.ts";
import { controlMethods } from "./control.node.ts";
import { serveGrpc } from "./grpc.node.ts";
import { encodeStatus, type Update } from "./jobs.node.ts";
import { Sessions } from "./session.node.ts";
import { handedOver } from "./socket.node.ts";

const upgraded = (stream: ReturnType<typeof handedOver>["stream"]): ApiResponse => ({
  status: 101,
  headers: { "content-type": "application/grpc" },
  body: { kind: "upgrade", stream },
});

/** Steps of `POST /build?version=2`, as BuildKit's status messages. */
function traced(response: ApiResponse): ApiResponse {
  if (response.body.kind !== "jsonLines") return response;
  const { values } = response.body;
  async function* converted(): AsyncGenerator<unknown> {
    for await (const value of values) {
      const { id, aux } = value as { readonly id?: unknown; readonly aux?: Update };
      if (id !== recordId || aux === undefined) yield value;
      else yield { id: "moby.buildkit.trace", aux: Buffer.from(encodeStatus(aux)).toString("base64") };
    }
  }
  return { ...response, body: { kind: "jsonLines", values: converted() } };
}

/** `machine`: where the sockets of clients' SSH agents are made; without it none is forwarded. */
export function withBuildKit(api: ApiTransport, machine?: AgentMachine): ApiTransport {
  const sessions = new Sessions();
  const methods = controlMethods(api, sessions, machine);
  return {
    async request(request: ApiRequest): Promise<ApiResponse> {
      const path = request.path.replace(/\?.*$/s, "").replace(/^\/v\d+\.\d+/, "");
      if (request.method === "POST" && path === "/session") return upgraded(sessions.accept(request));
      if (request.method === "POST" && path === "/build") return traced(await api.request(request));
      if (request.method !== "POST" || path !== "/grpc") return await api.request(request);
      const { stream, socket } = handedOver();
      serveGrpc(socket, methods);
      return upgraded(stream);
    },
  };
}
