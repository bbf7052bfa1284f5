// The connections of the gRPC door over their life. What HTTP/2 itself forbids nghttp2 ends, but not always to the end:
// after a thousand calls that their client resets it tells the client to go, reads no more, and Node.js (seen with 20.20)
// neither closes the socket nor says so. Such a connection does not answer a ping.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import type { Host } from "../../core/host.ts";
import { handshakeTimeoutMs } from "./listener.ts";

/** How long a connection may be open before its first call: a client that means to call opens another. */
const firstCallTimeoutMs = 60_000;
const pingIntervalMs = 30_000;
const checkIntervalMs = 1_000;
/** An answer may take so many looks. They are counted because time also passes while this process does not get to read. */
const pingLooksMax = 10;

/** All times are monotonic milliseconds. */
interface Session {
  readonly since: number;
  /** The client has spoken HTTP/2. */
  isGreeted: boolean;
  hasCalled: boolean;
  /** The client has reset a call since the last ping. */
  isSuspect: boolean;
  pingedAt: number;
  /** Looks since a ping that is not answered; undefined when there is none. */
  looks: number | undefined;
}

export class GrpcSessions {
  readonly #host: Host;
  readonly #sessions = new Map<ServerHttp2Session, Session>();

  constructor(server: Server, host: Host) {
    this.#host = host;
    const servers: unknown = Reflect.get(server, "http2Servers");
    assert(servers instanceof Map && 0 < servers.size, "grpc-js has changed");
    for (const http2Server of servers.keys()) {
      assert(http2Server instanceof EventEmitter, "grpc-js has changed");
      http2Server.on("session", (session) => this.#add(session));
    }
  }

  /** Ends connections whose client does not get as far as HTTP/2 or its first call, or is not there. Returns the way to stop. */
  watch(): () => void {
    return this.#host.clock.every(checkIntervalMs, () => {
      const now = this.#host.clock.monotonic();
      for (const [session, state] of this.#sessions) {
        const { since, isGreeted, hasCalled, looks } = state;
        if (looks !== undefined) state.looks = looks + 1;
        const isDead = looks === undefined ? !isGreeted && since + handshakeTimeoutMs <= now : pingLooksMax <= looks;
        if (isDead) session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
        else if (!hasCalled && since + firstCallTimeoutMs <= now) session.close();
        else if (isGreeted && looks === undefined) this.#ping(session, state, now);
      }
    });
  }

  #add(session: ServerHttp2Session): void {
    const now = this.#host.clock.monotonic();
    const state: Session = {
      since: now,
      isGreeted: false,
      hasCalled: false,
      isSuspect: false,
      pingedAt: now,
      looks: undefined,
    };
    this.#sessions.set(session, state);
    session.once("close", () => this.#sessions.delete(session));
    session.once("remoteSettings", () => {
      state.isGreeted = true;
    });
    session.on("stream", (stream: ServerHttp2Stream) => {
      state.hasCalled = true;
      stream.once("close", () => {
        if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) state.isSuspect = true;
      });
    });
  }

  #ping(session: ServerHttp2Session, state: Session, now: number): void {
    if (session.closed || (!state.isSuspect && now < state.pingedAt + pingIntervalMs)) return;
    state.isSuspect = false;
    state.pingedAt = now;
    state.looks = 0;
    session.ping(() => {
      state.looks = undefined;
    });
  }
}
