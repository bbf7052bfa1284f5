// Every figure that the program reports about itself, in one table: `docs/metrics.md` is printed from it.
// Pipeline counters carry the Collector's names, so that its dashboards read them; `spantoll_*` is ours.

export interface MetricAbout {
  readonly kind: "counter" | "gauge";
  readonly help: string;
  readonly labels: readonly string[];
}

const counter = (help: string, ...labels: string[]): MetricAbout => ({ kind: "counter", help, labels });
const gauge = (help: string, ...labels: string[]): MetricAbout => ({ kind: "gauge", help, labels });

export const metrics = {
  otelcol_receiver_accepted_spans: counter("Spans taken over from senders.", "receiver", "transport"),
  otelcol_receiver_refused_spans: counter("Spans handed back to senders.", "receiver", "transport"),
  otelcol_receiver_accepted_log_records: counter("Log records taken over from senders.", "receiver", "transport"),
  otelcol_receiver_refused_log_records: counter("Log records handed back to senders.", "receiver", "transport"),
  otelcol_receiver_accepted_metric_points: counter("Metric points taken over from senders.", "receiver", "transport"),
  otelcol_receiver_refused_metric_points: counter("Metric points handed back to senders.", "receiver", "transport"),
  spantoll_receiver_refused_requests_total: counter(
    "Requests that a receiver did not take, read or not, by reason: malformed, too_large, overloaded, unavailable, unauthenticated, not_found, wrong_method, wrong_media_type, wrong_coding, unreadable, too_slow.",
    "receiver",
    "transport",
    "reason",
  ),
  otelcol_processor_incoming_items: counter("Items that a processor was given.", "processor", "otel_signal"),
  otelcol_processor_outgoing_items: counter("Items that a processor passed on.", "processor", "otel_signal"),
  otelcol_processor_memory_limiter_accepted_spans: counter("Spans that the limiter let pass.", "processor"),
  otelcol_processor_memory_limiter_refused_spans: counter("Spans that it refused after they were read.", "processor"),
  otelcol_processor_memory_limiter_accepted_log_records: counter("Log records that the limiter let pass.", "processor"),
  otelcol_processor_memory_limiter_refused_log_records: counter(
    "Log records that it refused after they were read.",
    "processor",
  ),
  otelcol_processor_memory_limiter_accepted_metric_points: counter(
    "Metric points that the limiter let pass.",
    "processor",
  ),
  otelcol_processor_memory_limiter_refused_metric_points: counter(
    "Metric points that it refused after they were read.",
    "processor",
  ),
  otelcol_exporter_sent_spans: counter("Spans that a backend took.", "exporter"),
  otelcol_exporter_send_failed_spans: counter(
    "Spans that a backend refused for good, or that ran out of time.",
    "exporter",
  ),
  otelcol_exporter_enqueue_failed_spans: counter("Spans for which a sending queue had no room.", "exporter"),
  otelcol_exporter_sent_log_records: counter("Log records that a backend took.", "exporter"),
  otelcol_exporter_send_failed_log_records: counter(
    "Log records that a backend refused for good, or that ran out of time.",
    "exporter",
  ),
  otelcol_exporter_enqueue_failed_log_records: counter(
    "Log records for which a sending queue had no room.",
    "exporter",
  ),
  otelcol_exporter_sent_metric_points: counter("Metric points that a backend took.", "exporter"),
  otelcol_exporter_send_failed_metric_points: counter(
    "Metric points that a backend refused for good, or that ran out of time.",
    "exporter",
  ),
  otelcol_exporter_enqueue_failed_metric_points: counter(
    "Metric points for which a sending queue had no room.",
    "exporter",
  ),
  otelcol_exporter_queue_size: gauge(
    "What waits in the sending queue, in the unit of its sizer.",
    "exporter",
    "data_type",
  ),
  otelcol_exporter_queue_capacity: gauge(
    "What the sending queue can hold, in the unit of its sizer.",
    "exporter",
    "data_type",
  ),
  otelcol_process_uptime: counter("Seconds since the start."),
  otelcol_process_cpu_seconds: counter("Processor time of the process, user and system, in seconds."),
  otelcol_process_memory_rss: gauge("Resident memory of the process, in bytes."),
  otelcol_process_runtime_heap_alloc_bytes: gauge("Heap in use by JavaScript objects, in bytes."),
  otelcol_process_runtime_total_sys_memory_bytes: gauge("Heap and buffers outside it, in bytes."),
  spantoll_calls_total: counter("Spans that tell of an LLM call, by what became of them.", "role", "reason", "dialect"),
  spantoll_sampled_calls_total: counter(
    "Billed calls of traces of which the sender sends a share only: spend is too low.",
  ),
  spantoll_held_spans_total: counter(
    "Spans that waited for better-informed ones, by how they left: unchanged, stamped_again; or that could not wait: no_room.",
    "result",
  ),
  spantoll_tokens_total: counter("Tokens of billed calls.", "tenant", "provider", "model", "type"),
  spantoll_unpriced_calls_total: counter("Billed calls without a price.", "reason", "provider", "model"),
  spantoll_price_table_info: gauge("1 for the price table in use, 0 for those before it.", "version"),
  spantoll_price_reloads_total: counter("Changes of price files: taken over, or refused.", "result"),
  spantoll_charged_usd_total: counter("Acknowledged charges, in USD.", "tenant", "provider", "model"),
  spantoll_reversed_usd_total: counter("Charges taken back, in USD.", "tenant", "provider", "model"),
  spantoll_charges_total: counter("Charges by result: charged, replayed, shadowed, late, future, refused.", "result"),
  spantoll_uncharged_set_aside_calls_total: counter(
    "Calls that are kept as files because they ended outside of what is accepted: late, future.",
    "reason",
  ),
  spantoll_budget_spent_usd: gauge("Spent in the current window, in USD.", "tenant", "budget"),
  spantoll_budget_limit_usd: gauge("Limit of the budget, in USD.", "tenant", "budget"),
  spantoll_budget_remaining_usd: gauge("What is left in the current window, in USD.", "tenant", "budget"),
  spantoll_journal_bytes: gauge("What the charge journal holds, counted with overhead."),
  spantoll_journal_capacity_bytes: gauge("What the charge journal may hold."),
  spantoll_journal_waiting_requests: gauge("Requests whose charges the ledger does not have yet."),
  spantoll_journal_repeating_requests: gauge(
    "Requests that are charged once more, in case the ledger lost them, and whose turn has not come yet.",
  ),
  spantoll_journal_oldest_seconds: gauge("How long the oldest of them has been waiting."),
  spantoll_journal_aside: gauge("Pieces that the ledger refused and that are tried again."),
  spantoll_journal_set_aside_calls_total: counter(
    "Calls that the ledger did not take: refused, damaged, too_old, undecided. They are kept as files.",
    "reason",
  ),
  spantoll_journal_refused_calls_total: counter("Calls handed back to senders because the charge journal was full."),
  spantoll_journal_repeated_calls_total: counter(
    "Calls charged once more, in case the ledger had lost them: charged where it had, replayed where it had not.",
    "result",
  ),
  spantoll_ledger_lost_writes_total: counter("Times that Redis knew less of this process than it did."),
  spantoll_storage_bytes: gauge("What a store holds, counted with overhead.", "storage"),
  spantoll_storage_capacity_bytes: gauge("What a store may hold.", "storage"),
  spantoll_storage_file_bytes: gauge("Length of the file of a store.", "storage"),
  spantoll_storage_damaged_total: counter("Stores that could not be read and were set aside.", "storage"),
  spantoll_exporter_set_aside_items_total: counter(
    "Spans, log records and points that a backend refused for good and that are kept as files.",
    "exporter",
    "data_type",
  ),
  spantoll_exporter_gave_way_items_total: counter(
    "Spans, log records and points that were dropped from a full queue because on_full says so.",
    "exporter",
    "data_type",
  ),
  spantoll_exporter_damaged_items_total: counter(
    "Spans, log records and points in a queue on disk that could not be read back.",
    "exporter",
    "data_type",
  ),
  spantoll_bad_values_total: counter("Attribute values that cannot be read as what their key means.", "dialect", "key"),
  spantoll_config_reload_total: counter("Reloads of the configuration that were asked for."),
  spantoll_config_reload_failed_total: counter("Reloads that changed nothing, because something was in the way."),
  spantoll_internal_errors_total: counter("Exceptions that are our bug, by place.", "place"),
} as const satisfies Record<string, MetricAbout>;

export type MetricName = keyof typeof metrics;
export const metricNames = Object.keys(metrics) as readonly MetricName[];
export type MetricLabels = Readonly<Record<string, string>>;

/** The word that the Collector uses for a signal in the names of its counters. */
export const itemWord = { traces: "spans", logs: "log_records", metrics: "metric_points" } as const;
