import { EngineError } from "../../errors.ts";
import type { Container } from "../container.ts";

export function notRunning(container: Container): EngineError {
  return new EngineError("conflict", `container ${container.id} is not running`, { resource: container.id });
}
