/**
 * BuildKit's protocol for real clients: `POST /session` and `POST /grpc` become HTTP/2 connections, on which buildx's docker driver
 * builds. It stands in front of the engine's API, for a server in Node: node:http2 is what speaks HTTP/2, and a tab has no real clients.
 */
import type { ApiRequest, ApiResponse, ApiTransport } from "../transport.ts";
import { controlMethods } from "./control.node.ts";
import { serveGrpc } from "./grpc.node.ts";
import { Sessions } from "./session.node.ts";
import { handedOver } from "./socket.node.ts";

const upgraded = (stream: ReturnType<typeof handedOver>["stream"]): ApiResponse => ({
  status: 101,
  headers: { "content-type": "application/grpc" },
  body: { kind: "upgrade", stream },
});

export function withBuildKit(api: ApiTransport): ApiTransport {
  const sessions = new Sessions();
  const methods = controlMethods(api, sessions);
  return {
    async request(request: ApiRequest): Promise<ApiResponse> {
      const path = request.path.replace(/\?.*$/s, "").replace(/^\/v\d+\.\d+/, "");
      if (request.method === "POST" && path === "/session") return upgraded(sessions.accept(request));
      if (request.method !== "POST" || path !== "/grpc") return await api.request(request);
      const { stream, socket } = handedOver();
      serveGrpc(socket, methods);
      return upgraded(stream);
    },
  };
}
