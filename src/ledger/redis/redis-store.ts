// A ledger on Redis with its connection: what it says about its state, what it refuses to work with, and what it notices
// when it is connected anew.
import type { Host } from "../../core/host.ts";
import { Refused } from "../../core/refused.ts";
import { connectRedis, evictionTrouble, type RedisConnection, type RedisSettings } from "./connect.ts";
import { RedisLedger } from "./redis-ledger.ts";

/** Shared by its users: it connects with the first `start`, and lets go with the last `stop`. */
export class RedisStore {
  readonly ledger: RedisLedger;
  readonly #settings: RedisSettings;
  readonly #host: Pick<Host, "log" | "report">;
  #users = 0;
  #connecting: Promise<void> | undefined;
  #connection: RedisConnection | undefined;
  /** Why nothing is charged though there is a connection. */
  #trouble: string | undefined;
  #reachable = true;

  constructor(settings: RedisSettings, keyPrefix: string, host: Pick<Host, "log" | "report" | "random">) {
    this.#settings = settings;
    this.#host = host;
    this.ledger = new RedisLedger({
      connection: { callBuffer: async (command, args) => this.#usable().callBuffer(command, args) },
      keyPrefix,
      process: Math.floor(host.random() * 2 ** 52).toString(36),
      onLostWrites: () =>
        host.log.error(
          "redis lost writes: it knows less of this process than it did; spend of the last moments may be missing",
        ),
    });
  }

  /** Rejects when Redis may drop money. A Redis that is not there is waited for, while charges are refused. */
  async start(): Promise<void> {
    this.#users += 1;
    this.#connecting ??= this.#connect();
    await this.#connecting;
  }

  async stop(): Promise<void> {
    if (this.#users === 0) return;
    this.#users -= 1;
    if (0 < this.#users) return;
    this.#connection?.close();
    this.#connection = undefined;
    this.#connecting = undefined;
  }

  /** A charge that was answered is in Redis. */
  async durable(): Promise<void> {}

  async #connect(): Promise<void> {
    this.#connection = await connectRedis(this.#settings, {
      onReady: () => void this.#look(),
      onError: (error) => this.#tellLost(error.message),
    });
    await this.#look();
    if (this.#trouble === undefined) return;
    this.#connection.close();
    this.#connection = undefined;
    throw new Error(`redis: ${this.#trouble}`);
  }

  /** After every new connection: it may be another Redis, or the same with less in it. */
  async #look(): Promise<void> {
    try {
      const memory = (await this.#connection?.info("memory")) ?? [];
      this.#trouble = memory.map(evictionTrouble).find((trouble) => trouble !== undefined);
      if (this.#trouble === undefined) await this.ledger.recall();
    } catch (error) {
      this.#tellLost(error instanceof Error ? error.message : String(error));
      return;
    }
    this.#tellFound();
  }

  #usable(): RedisConnection {
    if (this.#connection === undefined) throw new Refused("unavailable", "redis: is not connected");
    if (this.#trouble !== undefined) throw new Refused("unavailable", `redis: ${this.#trouble}`);
    return this.#connection;
  }

  #tellLost(error: string): void {
    if (!this.#reachable || this.#connection === undefined) return;
    this.#reachable = false;
    this.#host.log.warn("redis cannot be used; until it can, senders are asked to send again", { error });
    this.#host.report("degraded", `redis: ${error}`);
  }

  #tellFound(): void {
    if (this.#trouble !== undefined) {
      if (!this.#reachable) return;
      this.#reachable = false;
      this.#host.log.error("redis may drop money; nothing is charged to it", { reason: this.#trouble });
      this.#host.report("degraded", `redis: ${this.#trouble}`);
      return;
    }
    if (this.#reachable) return;
    this.#reachable = true;
    this.#host.log.info("redis can be used again");
    this.#host.report("ok");
  }
}
