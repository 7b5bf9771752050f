/** TLS as it ends at the machine's gateway; loaded at the first connection that speaks it. */
import { AlertReceived, alerts, disbelief, TlsError } from "./alerts.ts";

export { acceptTls } from "./server.ts";

/** Why a connection came to nothing, for a person; undefined where the program merely went away. */
export function refusalOf(error: unknown): string | undefined {
  if (error instanceof AlertReceived && disbelief.has(error.alert))
    return "the program does not believe this playground's certificates (/etc/ssl/certs/ca-certificates.crt has them, where an image has that file)";
  if (error instanceof TlsError && error.alert !== alerts.closeNotify) return error.message;
  return undefined;
}
