// HTTP/1.1 with connections that are kept open: node:http, no library. It knows no OTLP.
import { readFileSync } from "node:fs";
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from "node:http";
import { type AgentOptions, request as requestHttps, Agent as SecureAgent } from "node:https";
import { type ClientTls, secureContextOptions } from "../../core/tls.ts";

/** What an answer may be: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response. The rest is not read. */
const answerBytesMax = 4 * 1024 ** 2;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

export interface ClientSettings {
  readonly max_idle_conns: number;
  readonly max_conns_per_host: number;
  /** Milliseconds. */
  readonly idle_conn_timeout: number;
  readonly disable_keep_alives: boolean;
  readonly tls: ClientTls;
}

export class HttpClient {
  readonly #settings: ClientSettings;
  #plain: Agent | undefined;
  #secure: SecureAgent | undefined;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
  }

  /** Reads the certificates. Throws when one cannot be read. */
  open(): void {
    const options = agentOptions(this.#settings);
    this.#plain = new Agent(options);
    this.#secure = new SecureAgent({ ...options, ...tlsOptions(this.#settings.tls) });
  }

  close(): void {
    this.#plain?.destroy();
    this.#secure?.destroy();
  }

  /** Rejects when there is no whole answer: no connection, closed too early, aborted. */
  async post(
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    abort: AbortSignal,
  ): Promise<Answer> {
    try {
      return await this.#attempt(url, headers, body, abort);
    } catch (cause) {
      if (!(cause instanceof StaleConnection)) throw cause;
      return await this.#attempt(url, headers, body, abort);
    }
  }

  #attempt(url: URL, headers: Readonly<Record<string, string>>, body: Uint8Array, abort: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const secure = url.protocol === "https:";
      const options = { method: "POST", headers: { ...headers, "content-length": body.length }, signal: abort };
      const request = secure
        ? requestHttps(url, { ...options, agent: this.#secure })
        : requestHttp(url, { ...options, agent: this.#plain });
      let answered = false;
      request.on("response", (response) => {
        answered = true;
        readAnswer(response)
          // Who answers without reading on gets no more: the body belongs to its owner again, and others want the connection.
          .finally(() => request.writableFinished || request.destroy())
          .then(resolve, reject);
      });
      request.on("error", (cause) => {
        // The backend closed a connection that we kept open, just when we used it: nobody has read this request.
        const stale =
          request.reusedSocket && !answered && "code" in cause && /^(ECONNRESET|EPIPE)$/.test(String(cause.code));
        reject(stale ? new StaleConnection("connection closed", { cause }) : cause);
      });
      request.end(body);
    });
  }
}

class StaleConnection extends Error {}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response) {
    length += chunk.length;
    if (answerBytesMax < length) break;
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

function agentOptions(settings: ClientSettings): AgentOptions {
  const { max_idle_conns, max_conns_per_host, idle_conn_timeout, disable_keep_alives } = settings;
  return {
    keepAlive: !disable_keep_alives,
    maxFreeSockets: max_idle_conns || Number.POSITIVE_INFINITY,
    maxSockets: max_conns_per_host || Number.POSITIVE_INFINITY,
    ...(idle_conn_timeout > 0 ? { timeout: idle_conn_timeout } : {}),
  };
}

function tlsOptions(tls: ClientTls): AgentOptions {
  return {
    ...secureContextOptions(tls, readFileSync),
    ...(tls.server_name_override === undefined ? {} : { servername: tls.server_name_override }),
    rejectUnauthorized: !tls.insecure_skip_verify,
  };
}
