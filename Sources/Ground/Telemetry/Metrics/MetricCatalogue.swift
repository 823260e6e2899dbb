// SPDX-License-Identifier: Apache-2.0

/// Every metric that Outrigger's own code makes.
///
/// A metric that isn't here (a library's) is shown too, with a general help line.
package enum MetricCatalogue {
    /// From 100 µs, a read from memory, to 10 s, where clients give up; about 2.5× apart.
    static let requestSeconds: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
    ]
    /// From 50 µs, a flash write, to 5 s, a disk in trouble.
    static let diskSeconds: [Double] = [
        0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5,
    ]
    /// Powers of two from 16 µs to 8.6 s: a bucket is found by counting bits.
    static let proxySeconds: [Double] = (14..<34).map { Double(UInt64(1) << $0) / 1e9 }
    static let batchSizes: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]

    package static let all: [MetricDefinition] =
        (http + invocation + state + pubsub + sqlite + eventLog + ambassador + httpProxy + httpEndpoints + meshes + app
        + changes + telemetry + process)
        .sorted { $0.name < $1.name }

    package static func definition(of name: String) -> MetricDefinition? {
        all.first { $0.name == name }
    }

    static let http = [
        MetricDefinition(
            "outrigger_http_requests_total", .counter, labels: ["surface", "route", "method", "status"],
            // A listener knows 660 combinations, of which it uses some dozens; there are two listeners.
            seriesMax: 1320,
            "Requests answered, by listener, route (a pattern, never a path), method and status."),
        MetricDefinition(
            "outrigger_http_request_seconds", .histogram, labels: ["route"], buckets: requestSeconds,
            "Time from the head of a request to the end of its answer."),
        MetricDefinition(
            "outrigger_http_requests_in_flight", .gauge, "Requests that are being answered."),
    ]

    static let invocation = [
        MetricDefinition(
            "outrigger_invocations_total", .counter, labels: ["direction", "result"],
            "Invocations from the app (out) and of it (in), by the class of the status; failed: without an answer."),
        MetricDefinition(
            "outrigger_invocation_seconds", .histogram, labels: ["direction"], buckets: requestSeconds,
            "Time from an invocation to the head of its answer, or to its failure."),
        MetricDefinition(
            "outrigger_invocations_in_flight", .gauge, labels: ["direction"],
            "Invocations of which the answer isn't over."),
        MetricDefinition(
            "outrigger_invocations_denied_total", .counter,
            "Invocations of the app that its access control didn't allow."),
        MetricDefinition(
            "outrigger_grpc_invocations_total", .counter, labels: ["direction", "code"],
            "Invocations over gRPC from the app (out) and of it (in), by the code that they ended with."),
        MetricDefinition(
            "outrigger_grpc_invocation_seconds", .histogram, labels: ["direction"], buckets: requestSeconds,
            "Time from an invocation over gRPC to its end."),
        MetricDefinition(
            "outrigger_grpc_invocations_in_flight", .gauge, labels: ["direction"],
            "Invocations over gRPC that haven't ended."),
    ]

    static let state = [
        MetricDefinition(
            "outrigger_state_operation_seconds", .histogram, labels: ["component", "operation"],
            buckets: requestSeconds, "Time that a state store took for an operation."),
        MetricDefinition(
            "outrigger_state_errors_total", .counter, labels: ["component", "code"],
            "Operations on a state store that failed, by error code."),
    ]

    static let pubsub = [
        MetricDefinition(
            "outrigger_pubsub_rule_failures_total", .counter, labels: ["component", "topic"],
            "Rules of subscriptions that had no value for an event, which counts as no match."),
        MetricDefinition(
            "outrigger_pubsub_published_total", .counter, labels: ["pubsub", "topic"],
            "Messages published. The first 256 topics are counted by name, the rest under `other`."),
        MetricDefinition(
            "outrigger_pubsub_deliveries_total", .counter, labels: ["pubsub", "topic", "outcome"], seriesMax: 4096,
            "Messages that came back from the app, by what it made of them, and those that expired."),
        MetricDefinition(
            "outrigger_pubsub_redeliveries_total", .counter, labels: ["pubsub", "topic"], seriesMax: 1024,
            "Deliveries that weren't the first of their message."),
        MetricDefinition(
            "outrigger_pubsub_lag_events", .gauge, labels: ["pubsub", "topic"], seriesMax: 1024,
            "Messages that a subscription isn't done with, as far as this instance knows."),
        MetricDefinition(
            "outrigger_pubsub_lag_seconds", .gauge, labels: ["pubsub", "topic"], seriesMax: 1024,
            "Age of the oldest message that was read and isn't done."),
        MetricDefinition(
            "outrigger_pubsub_dead_letters_total", .counter, labels: ["pubsub", "topic"], seriesMax: 1024,
            "Messages that went to a dead letter topic."),
        MetricDefinition(
            "outrigger_pubsub_parked_total", .counter, labels: ["pubsub", "topic"], seriesMax: 1024,
            "Messages that were tried in vain and are parked."),
        MetricDefinition(
            "outrigger_pubsub_lost_total", .counter, labels: ["pubsub", "topic"], seriesMax: 1024,
            "Messages that were tried in vain and are too large to be kept."),
    ]

    static let ambassador = [
        MetricDefinition(
            "outrigger_ambassador_clients", .gauge, labels: ["pool"], "Connections of clients that are open."),
        MetricDefinition(
            "outrigger_ambassador_clients_total", .counter, labels: ["pool", "outcome"],
            "Clients that were accepted, refused as too many, and ended: by themselves, by an error, for not reading, "
                + "for saying nothing."),
        MetricDefinition(
            "outrigger_ambassador_commands_total", .counter, labels: ["pool", "outcome"],
            "Commands of clients; split: sent to several servers; failed: answered with an error of the proxy's own."),
        MetricDefinition(
            "outrigger_ambassador_parts_total", .counter, labels: ["pool"],
            "What split commands became: a part for each server."),
        MetricDefinition(
            "outrigger_ambassador_faults_total", .counter, labels: ["pool", "fault"],
            "Commands that a fault on purpose has hit."),
        MetricDefinition(
            "outrigger_ambassador_command_seconds", .histogram, labels: ["pool", "family"], buckets: proxySeconds,
            "Time from taking a command to the end of its server's reply."),
        MetricDefinition(
            "outrigger_ambassador_server_requests_total", .counter, labels: ["pool", "server"],
            "Commands that were sent to a server."),
        MetricDefinition(
            "outrigger_ambassador_server_request_bytes_total", .counter, labels: ["pool", "server"],
            "Bytes of commands that were sent to a server."),
        MetricDefinition(
            "outrigger_ambassador_server_replies_total", .counter, labels: ["pool", "server", "outcome"],
            "Replies of a server, by whether they are errors."),
        MetricDefinition(
            "outrigger_ambassador_server_reply_bytes_total", .counter, labels: ["pool", "server"],
            "Bytes of a server's replies."),
        MetricDefinition(
            "outrigger_ambassador_server_connections", .gauge, labels: ["pool", "server"],
            "Connections to a server that are open."),
        MetricDefinition(
            "outrigger_ambassador_server_connection_ends_total", .counter, labels: ["pool", "server", "cause"],
            "Connections to a server that ended: closed by it, timed out, or with an error."),
        MetricDefinition(
            "outrigger_ambassador_server_in_flight", .gauge, labels: ["pool", "server"],
            "Commands that wait for a server's reply."),
        MetricDefinition(
            "outrigger_ambassador_server_shed_total", .counter, labels: ["pool", "server"],
            "Commands that were refused because too many waited for a server."),
        MetricDefinition(
            "outrigger_ambassador_server_up", .gauge, labels: ["pool", "server"],
            "Whether a server has its part of the keys (1) or is ejected (0)."),
    ]

    static let sqlite = [
        MetricDefinition(
            "outrigger_sqlite_commit_batch_size", .histogram, buckets: batchSizes,
            "Requests that one commit of the embedded store made durable together."),
        MetricDefinition(
            "outrigger_sqlite_commit_seconds", .histogram, buckets: diskSeconds,
            "Time of a commit of the embedded store, the wait for other processes included."),
        MetricDefinition(
            "outrigger_sqlite_checkpoint_seconds", .histogram, buckets: diskSeconds,
            "Time of a checkpoint of the embedded store."),
        MetricDefinition(
            "outrigger_sqlite_gather_timeouts_total", .counter,
            "Waits for more writes, to commit them together, that ended before enough had come."),
        MetricDefinition(
            "outrigger_sqlite_wal_bytes", .gauge, "Size of the embedded store's write-ahead log."),
    ]

    static let eventLog = [
        MetricDefinition(
            "outrigger_eventlog_appended_total", .counter, "Events appended to the embedded log."),
        MetricDefinition(
            "outrigger_eventlog_wakeups_total", .counter, labels: ["source"],
            "Times that a watch was told of new events: by an append of this process (local), because another process"
                + " woke this one (neighbour), or by the look of each second (poll)."),
        MetricDefinition(
            "outrigger_eventlog_wakeups_dropped_total", .counter,
            "Wake-ups that weren't sent because many wait for the other process already."),
    ]

    static let app = [
        MetricDefinition("outrigger_app_restarts_total", .counter, "Times that the app was started again."),
        MetricDefinition("outrigger_app_up", .gauge, "1 while the app runs and its port is open, else 0."),
    ]

    static let changes = [
        MetricDefinition(
            "outrigger_config_reloads_total", .counter, labels: ["result"],
            "Times that the configuration was read again while running: applied, refused as something in it is wrong, "
                + "unchanged, or with nothing but changes that wait for a restart (waiting)."),
        MetricDefinition(
            "outrigger_tls_reloads_total", .counter, labels: ["result"],
            "Times that changed files of TLS were taken (applied), or refused so that those from before stay."),
    ]

    static let telemetry = [
        MetricDefinition("outrigger_build_info", .gauge, labels: ["version"], "Always 1; the labels say what runs."),
        MetricDefinition(
            "outrigger_log_lines_dropped_total", .counter, labels: ["reason"],
            "Log lines that weren't written: nobody read the log (unread), or a warning came too often (repeated)."),
        MetricDefinition("outrigger_spans_exported_total", .counter, "Spans of traces that a collector has taken."),
        MetricDefinition(
            "outrigger_spans_dropped_total", .counter, labels: ["reason"],
            "Spans that were lost: too many waited (queue_full), the collector refused them (refused) or didn't take "
                + "them in time (undelivered), or the sidecar ended (shutdown)."),
    ]

    static let process = [
        MetricDefinition("process_cpu_seconds_total", .counter, "User and system CPU time of the process."),
        MetricDefinition("process_open_fds", .gauge, "Open file descriptors."),
        MetricDefinition("process_resident_memory_bytes", .gauge, "Resident memory."),
        MetricDefinition("process_start_time_seconds", .gauge, "Start of the process, in seconds since 1970 (UTC)."),
    ]
}
