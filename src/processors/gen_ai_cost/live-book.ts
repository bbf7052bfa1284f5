// The price book in use. The files that it is made of are looked at every other second; what has changed is read and
// checked off to the side, and takes the book's place whole. What cannot be read changes nothing, and is told once.
import type { Host } from "../../core/host.ts";
import type { PriceBook } from "../../pricing/price-book.ts";
import { layersOf, type PricingSettings, readSettingsBook } from "../../pricing/settings.ts";

const lookEveryMs = 2_000;
/** Problems of a file that are told; more of them say no more. */
const toldMax = 10;

export class LiveBook {
  /** Whoever prices a batch asks once: a batch has one book. */
  book: PriceBook;
  readonly #settings: PricingSettings;
  readonly #host: Host;
  readonly #paths: readonly string[];
  /** The files as they were when they were read, and when they were last looked at. */
  #read: string;
  #seen: string;
  #stopLooking: () => void = () => undefined;

  constructor(book: PriceBook, settings: PricingSettings, host: Host) {
    this.book = book;
    this.#settings = settings;
    this.#host = host;
    this.#paths = layersOf(settings).flatMap((layer) => ("path" in layer ? [layer.path] : []));
    this.#read = this.#stamps();
    this.#seen = this.#read;
  }

  start(): void {
    this.#host.meter.set("spantoll_price_table_info", 1, { version: this.book.version });
    if (this.#paths.length > 0) this.#stopLooking = this.#host.clock.every(lookEveryMs, () => this.#look());
  }

  stop(): void {
    this.#stopLooking();
  }

  /** A file that is being written changes from look to look, and is read when it has come to rest. */
  #look(): void {
    const stamps = this.#stamps();
    const rests = stamps === this.#seen;
    this.#seen = stamps;
    if (!rests || stamps === this.#read) return;
    this.#read = stamps;
    this.#readAgain();
  }

  #readAgain(): void {
    const { log, meter } = this.#host;
    const reading = readSettingsBook(this.#settings, this.#host.files);
    meter.add("spantoll_price_reloads_total", 1, { result: reading.ok ? "taken" : "refused" });
    if (!reading.ok) {
      const problems = reading.problems.slice(0, toldMax).map(({ text }) => text);
      log.error("price files have changed and are wrong, the prices before hold", { problems });
      this.#host.report("degraded", problems[0]);
      return;
    }
    const before = this.book.version;
    this.book = reading.book;
    if (before !== this.book.version) meter.set("spantoll_price_table_info", 0, { version: before });
    meter.set("spantoll_price_table_info", 1, { version: this.book.version });
    log.info("price files have changed and were taken over", { version: this.book.version, before });
    this.#host.report("ok");
  }

  #stamps(): string {
    return JSON.stringify(this.#paths.map((path) => this.#host.files.stamp(path) ?? null));
  }
}
