// The calls of one request whose spans wait: what was said of them, and what is said by now.
import type { Hold, Wait } from "../../core/hold.ts";
import { type Call, calls } from "../../genai/call.ts";
import type { Teller } from "../../genai/roles-teller.ts";
import type { Waits } from "./waits.ts";

/** A call as it was stamped, and who stands for its span in the memory of its trace. */
export interface HeldCall {
  readonly call: Call;
  readonly teller: Teller;
}

/** Told of spans that waited: by what became of them, how many. */
export type WaitCounter = (result: "unchanged" | "stamped_again" | "no_room", spans: number) => void;

export class HeldCalls implements Hold {
  readonly spans: readonly number[];
  readonly #held: readonly HeldCall[];
  readonly #waits: Waits;
  readonly #ms: number;
  readonly #count: WaitCounter;
  #wait: Wait | undefined;

  constructor(held: readonly HeldCall[], waits: Waits, ms: number, count: WaitCounter) {
    this.#held = held;
    this.#waits = waits;
    this.#ms = ms;
    this.#count = count;
    this.spans = held.map(({ call }) => call.span);
  }

  begin(wait: Wait): boolean {
    const begun = this.#waits.begin(wait, this.#ms);
    if (begun) this.#wait = wait;
    else this.#count("no_room", wait.spans);
    return begun;
  }

  end(): ((notes: object) => void) | undefined {
    if (this.#wait) this.#waits.end(this.#wait);
    const changed = this.#held.filter(isNews).length;
    this.#count("unchanged", this.#held.length - changed);
    this.#count("stamped_again", changed);
    if (changed === 0) return undefined;
    return (notes) => calls.set(notes, this.#held.map(callNow));
  }
}

function isNews({ call, teller }: HeldCall): boolean {
  const { role, reason } = teller.verdict ?? call;
  return role !== call.role || reason !== call.reason || isHeir(call, teller);
}

/** Whose it is became known while it waited. */
function isHeir({ subject }: Call, { subject: now }: Teller): boolean {
  return subject.tenantFrom === "default" && now.tenantFrom !== "default";
}

/** `at` is the position of its span among those that wait. */
function callNow({ call, teller }: HeldCall, at: number): Call {
  const { role, reason, isBarred = false } = teller.verdict ?? call;
  const subject = isHeir(call, teller) ? teller.subject : call.subject;
  return { ...call, span: at, role, reason, isBarred, subject };
}
