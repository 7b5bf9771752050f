/** A text that holds no value of the type that is read, in the words of Go's own parser (strconv, time, encoding/csv) or of docker's. */
export class ValueError extends Error {}

export const refuse = (message: string): never => {
  throw new ValueError(message);
};
