/** Signals of the `docker` process passed on to a container's: docker/cli's ForwardAllSignals. */
import { segment } from "../session/client.ts";
import type { Context } from "../session/context.ts";
import { SIGWINCH, type Subscription, signalName } from "../session/signals.ts";

export function forwardSignals(context: Context, id: string): Subscription {
  return context.signals.listen(
    (signal) => {
      const name = signalName(signal);
      if (name === undefined) return;
      // The real client forwards SIGWINCH, too; resizing is what it is for.
      if (signal === SIGWINCH && context.invocation.terminal.stdout) return;
      context.client
        .call("POST", `/containers/${segment(id)}/kill`, { query: { signal: name } })
        .catch(() => undefined);
    },
    { take: true },
  );
}
