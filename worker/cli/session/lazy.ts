/** A module that is loaded at its first use, and answered at once from then on, without a turn of the event loop. */
export function lazy<T>(load: () => Promise<T>): () => T | Promise<T> {
  let loaded: { readonly value: T } | undefined;
  let pending: Promise<T> | undefined;
  return () => {
    if (loaded !== undefined) return loaded.value;
    pending ??= load().then(
      (value) => {
        loaded = { value };
        return value;
      },
      (error) => {
        pending = undefined;
        throw error;
      },
    );
    return pending;
  };
}
