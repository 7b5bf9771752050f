/** Exec operations of the Engine API. */

import { Fields } from "../../engine/containers/decode.ts";
import { type Containers, readConsoleSize, readExecRequest } from "../../engine/containers/index.ts";
import { EngineError } from "../../engine/errors.ts";
import { json, upgrade } from "../respond.ts";
import type { Route, RouteContext } from "../router.ts";
import type { ApiResponse } from "../transport.ts";
import { multiplexedStream, rawStream, windowSize } from "./containers.ts";

const empty = (status: number): ApiResponse => ({ status, headers: {}, body: { kind: "empty" } });

export function execRoutes(containers: Containers): readonly Route[] {
  const id = (context: RouteContext): string => context.params.id ?? "";
  return [
    {
      method: "POST",
      path: "/containers/{id}/exec",
      operation: "ContainerExec",
      handle: async (context) => {
        const request = readExecRequest(await context.json());
        return json({ Id: await containers.createExecution(id(context), request) }, 201);
      },
    },
    {
      method: "POST",
      path: "/exec/{id}/start",
      operation: "ExecStart",
      handle: async (context) => {
        const fields = Fields.of(await context.json(), "", "container.ExecStartOptions");
        const consoleSize = readConsoleSize(fields);
        const tty = fields.boolean("Tty");
        if (fields.has("ConsoleSize") && !tty)
          throw new EngineError("invalidParameter", "console size is only supported when TTY is enabled");
        const started = await containers.executions.start(id(context), {
          detach: fields.boolean("Detach"),
          tty,
          consoleSize,
        });
        return started === undefined
          ? empty(200)
          : upgrade(started.stream, started.raw ? rawStream : multiplexedStream);
      },
    },
    {
      method: "POST",
      path: "/exec/{id}/resize",
      operation: "ExecResize",
      handle: async (context) => {
        const { rows, columns } = windowSize(context.query);
        await containers.executions.resize(id(context), rows, columns);
        return empty(200);
      },
    },
    {
      method: "GET",
      path: "/exec/{id}/json",
      operation: "ExecInspect",
      handle: async (context) => json(containers.executions.inspect(id(context))),
    },
  ];
}
