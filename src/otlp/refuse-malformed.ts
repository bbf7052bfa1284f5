import type { Signal } from "../core/batch.ts";
import { Refused } from "../core/refused.ts";
import { Malformed } from "../wire/malformed.ts";

/** Says of what was thrown while a request was read that the request is malformed. Throws always; bugs as they are. */
export function refuseMalformed(error: unknown, signal: Signal): never {
  if (!(error instanceof Malformed)) throw error;
  throw new Refused("malformed", `not an OTLP ${signal} request: ${error.message}`, { cause: error });
}
