// What browsers of other origins may do (https://fetch.spec.whatwg.org/#http-cors-protocol).
import type { IncomingMessage, ServerResponse } from "node:http";

export interface CorsSettings {
  readonly allowed_origins: readonly string[];
  readonly allowed_headers: readonly string[];
  readonly exposed_headers: readonly string[];
  /** Seconds. */
  readonly max_age: number;
}

/** What the Collector allows without being told. */
const usualHeaders = ["accept", "content-type", "x-requested-with"];

export class Cors {
  readonly #settings: CorsSettings;
  readonly #allowedHeaders: ReadonlySet<string>;

  constructor(settings: CorsSettings) {
    this.#settings = settings;
    this.#allowedHeaders = new Set([...usualHeaders, ...settings.allowed_headers.map((name) => name.toLowerCase())]);
  }

  /** Adds what an allowed origin needs. Returns true when the request was only the question and is answered. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = request.headers;
    const asks = request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
    response.setHeader("Vary", "Origin");
    if (origin !== undefined && this.#settings.allowed_origins.some((pattern) => fits(pattern, origin))) {
      response.setHeader("Access-Control-Allow-Origin", origin);
      response.setHeader("Access-Control-Allow-Credentials", "true");
      if (asks) this.#permit(request, response);
      else if (this.#settings.exposed_headers.length > 0) {
        response.setHeader("Access-Control-Expose-Headers", this.#settings.exposed_headers.join(", "));
      }
    }
    if (asks) response.writeHead(204).end();
    return asks;
  }

  #permit(request: IncomingMessage, response: ServerResponse): void {
    const asked = (request.headers["access-control-request-headers"] ?? "")
      .split(",")
      .map((name) => name.trim().toLowerCase());
    const allowed = asked.filter(
      (name) => name !== "" && (this.#allowedHeaders.has("*") || this.#allowedHeaders.has(name)),
    );
    response.setHeader("Access-Control-Allow-Methods", "POST");
    if (allowed.length > 0) response.setHeader("Access-Control-Allow-Headers", allowed.join(", "));
    if (this.#settings.max_age > 0) response.setHeader("Access-Control-Max-Age", String(this.#settings.max_age));
  }
}

/** Whether `text` is what `pattern` says, `*` standing for any text. Takes no longer than the two are long. */
function fits(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.toLowerCase().split("*");
  const last = rest.pop();
  const subject = text.toLowerCase();
  if (last === undefined) return subject === first;
  if (subject.length < first.length + last.length || !subject.startsWith(first) || !subject.endsWith(last))
    return false;
  let at = first.length;
  for (const part of rest) {
    const found = subject.indexOf(part, at);
    if (found < 0 || subject.length - last.length < found + part.length) return false;
    at = found + part.length;
  }
  return true;
}
