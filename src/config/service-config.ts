// What a configuration says once everything in it is checked: the only form in which the service sees it.

import type { Signal } from "../core/batch.ts";
import type { AnyKind, Kind } from "../core/component.ts";

/** A component with checked settings, ready to be wired. The same object stands wherever its id is referred to. */
export interface Ready<Wiring extends unknown[], C> {
  /** `type[/name]` as the file writes it: `otlphttp/tempo`. */
  readonly id: string;
  readonly about: Kind<string, Wiring, C>["about"];
  readonly settings: unknown;
  /** Equal where type, settings and the content of the files that they name are. Tells nothing of them. */
  readonly fingerprint: string;
  /** Wires and does nothing else. A processor is created once for each pipeline, all others once. */
  create(...wiring: Wiring): C;
}

type ReadyOf<K> = K extends Kind<string, infer Wiring, infer C> ? Ready<Wiring, C> : never;
type OfKind<Name extends AnyKind["kind"]> = ReadyOf<Extract<AnyKind, { kind: Name }>>;

export type ReadyReceiver = OfKind<"receiver">;
export type ReadyProcessor = OfKind<"processor">;
export type ReadyExporter = OfKind<"exporter">;
export type ReadyExtension = OfKind<"extension">;

export interface PipelineConfig {
  /** `signal[/name]`: `traces/eu`. */
  readonly id: string;
  readonly signal: Signal;
  readonly receivers: readonly ReadyReceiver[];
  /** In the order that a batch passes them. */
  readonly processors: readonly ReadyProcessor[];
  readonly exporters: readonly ReadyExporter[];
}

export const logLevels = ["debug", "info", "warn", "error"] as const;
export const logEncodings = ["console", "json"] as const;
export const metricsLevels = ["none", "basic", "normal", "detailed"] as const;

export interface TelemetrySettings {
  readonly logs: {
    readonly level: (typeof logLevels)[number];
    readonly encoding: (typeof logEncodings)[number];
  };
  readonly metrics: {
    readonly level: (typeof metricsLevels)[number];
    /** Where `/metrics` listens; undefined when nothing is to listen. */
    readonly address: { readonly host: string; readonly port: number } | undefined;
  };
}

export interface ServiceConfig {
  /** What `service.extensions` lists, in its order: started first to last, stopped last to first. */
  readonly extensions: readonly ReadyExtension[];
  /** What no pipeline names is checked, but is not here. */
  readonly pipelines: readonly PipelineConfig[];
  readonly telemetry: TelemetrySettings;
  readonly shutdownTimeoutMs: number;
}
