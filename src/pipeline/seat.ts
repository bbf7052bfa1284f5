// Components where they are in use, by name. The next configuration takes over those that it wants exactly as they are.
import type { Component } from "../core/component.ts";
import type { Host } from "../core/host.ts";

export interface Seat<C extends Component = Component> {
  /** The name under which it is reported: `exporters.otlp_http/tempo`, `processors.batch@traces`. */
  readonly place: string;
  /** Two components at the same place with the same fingerprint are interchangeable. */
  readonly fingerprint: string;
  readonly component: C;
  readonly host: Host;
}

/** What is to stand at a place. */
export interface Wanted<C extends Component> {
  readonly place: string;
  readonly fingerprint: string;
  create(host: Host): C;
}

/** The components of one kind. Creating wires and does nothing else, so a shelf that is not used leaves nothing behind. */
export class Shelf<C extends Component> {
  readonly #seats = new Map<string, Seat<C>>();
  readonly #hostFor: (place: string) => Host;

  constructor(hostFor: (place: string) => Host) {
    this.#hostFor = hostFor;
  }

  /** The component at a place: the one of `before` where nothing about it changed, else a new one. */
  take({ place, fingerprint, create }: Wanted<C>, before: Shelf<C> | undefined): Seat<C> {
    const known = this.#seats.get(place) ?? before?.at(place);
    const seat = known?.fingerprint === fingerprint ? known : this.#seat(place, fingerprint, create);
    this.#seats.set(place, seat);
    return seat;
  }

  at(place: string): Seat<C> | undefined {
    return this.#seats.get(place);
  }

  /** In the order in which they were taken. */
  get seats(): readonly Seat<C>[] {
    return [...this.#seats.values()];
  }

  #seat(place: string, fingerprint: string, create: (host: Host) => C): Seat<C> {
    const host = this.#hostFor(place);
    return { place, fingerprint, host, component: create(host) };
  }
}
