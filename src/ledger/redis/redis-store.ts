// A ledger on Redis with its connection: what it says about its state, what it refuses to work with, and how it notices
// that writes were lost.
import type { Host } from "../../core/host.ts";
import { Refused } from "../../core/refused.ts";
import { connectRedis, evictionTrouble, type RedisConnection, type RedisSettings } from "./connect.ts";
import { RedisLedger } from "./redis-ledger.ts";

/** What follows from the state of Redis: it depends on whether charges wait in a journal. */
export interface Consequences {
  /** Words for the log. */
  readonly whileAbsent: string;
  readonly afterLoss: string;
  lostWrites(): void;
}

/** Senders keep what is not charged. */
export const withoutJournal: Consequences = {
  whileAbsent: "senders are asked to send again",
  afterLoss: "spend of the last moments may be missing",
  lostWrites: () => {},
};

/** Shared by its users: it connects with the first `start`, and lets go with the last `stop`. */
export class RedisStore {
  readonly ledger: RedisLedger;
  readonly #settings: RedisSettings;
  readonly #host: Pick<Host, "log" | "report" | "clock" | "meter">;
  readonly #consequences: Consequences;
  #users = 0;
  #connecting: Promise<void> | undefined;
  #connection: RedisConnection | undefined;
  /** Why nothing is charged though there is a connection. */
  #trouble: string | undefined;
  #reachable = true;
  /** The primaries at the last look: a restart and a failover bring new ones. */
  #runIds = "";
  #stopLooking = () => {};
  #isLooking = false;

  constructor(
    settings: RedisSettings,
    keyPrefix: string,
    host: Pick<Host, "log" | "report" | "random" | "clock" | "meter">,
    consequences: Consequences = withoutJournal,
  ) {
    this.#settings = settings;
    this.#host = host;
    this.#consequences = consequences;
    this.ledger = new RedisLedger({
      connection: { callBuffer: async (command, args) => this.#usable().callBuffer(command, args) },
      keyPrefix,
      process: Math.floor(host.random() * 2 ** 52).toString(36),
      onLostWrites: () => this.#noticeLoss(),
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
    this.#stopLooking();
    this.#connection?.close();
    this.#connection = undefined;
    this.#connecting = undefined;
  }

  async #connect(): Promise<void> {
    this.#connection = await connectRedis(this.#settings, {
      onReady: () => void this.#look(true),
      onError: (error) => this.#tellLost(error.message),
    });
    // A cluster connects to a new primary without a word, and a snapshot may be restored below a connection.
    this.#stopLooking = this.#host.clock.every(lookEveryMs, () => void this.#look(false));
    await this.#look(true);
    if (this.#trouble === undefined) return;
    this.#stopLooking();
    this.#connection.close();
    this.#connection = undefined;
    throw new Error(`redis: ${this.#trouble}`);
  }

  /** `isNew`: it may be another Redis, or the same with less in it. */
  async #look(isNew: boolean): Promise<void> {
    if (this.#isLooking && !isNew) return;
    this.#isLooking = true;
    try {
      const memory = (await this.#connection?.info("memory")) ?? [];
      this.#trouble = memory.map(evictionTrouble).find((trouble) => trouble !== undefined);
      if (this.#trouble === undefined) await this.ledger.recall((await this.#hasNewPrimary()) || isNew);
      this.#tellFound();
    } catch (error) {
      this.#tellLost(error instanceof Error ? error.message : String(error));
    } finally {
      this.#isLooking = false;
    }
  }

  async #hasNewPrimary(): Promise<boolean> {
    const servers = (await this.#connection?.info("server")) ?? [];
    const before = this.#runIds;
    this.#runIds = servers
      .map((server) => /^run_id:(\w+)/m.exec(server)?.[1])
      .sort()
      .join();
    return this.#runIds !== before;
  }

  #noticeLoss(): void {
    const { log, meter } = this.#host;
    meter.add("spantoll_ledger_lost_writes_total", 1);
    log.error(`redis lost writes: it knows less of this process than it did; ${this.#consequences.afterLoss}`);
    this.#consequences.lostWrites();
  }

  #usable(): RedisConnection {
    if (this.#connection === undefined) throw new Refused("unavailable", "redis: is not connected");
    if (this.#trouble !== undefined) throw new Refused("unavailable", `redis: ${this.#trouble}`);
    return this.#connection;
  }

  #tellLost(error: string): void {
    if (!this.#reachable || this.#connection === undefined) return;
    this.#reachable = false;
    this.#host.log.warn(`redis cannot be used; until it can, ${this.#consequences.whileAbsent}`, { error });
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

/** Two short questions to each primary. */
const lookEveryMs = 5000;
